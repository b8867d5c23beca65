#include "records/form.h"

#ifdef __x86_64__
#include <xxh_x86dispatch.h> // with all that the processor has
#else
#include <xxhash.h>
#endif

enum { MARK_SIZE = 4 };

uint64_t checksum_of(const void *bytes, size_t len)
{
	return XXH3_64bits(bytes, len);
}

size_t block_most(const RecordForm *form)
{
	return RECORDS_BLOCK_BYTES + form->record_max + RECORDS_LENGTH_SIZE;
}

void block_head_write(const RecordForm *form, const BlockHead *head, uint8_t bytes[RECORDS_BLOCK_HEAD_SIZE])
{
	memcpy(bytes, form->block, MARK_SIZE);
	put_u32(bytes + 4, head->count);
	put_u64(bytes + 8, head->first);
	put_u32(bytes + 16, head->length);
	put_u64(bytes + 20, head->checksum);
}

bool block_head_read(const RecordForm *form, const uint8_t bytes[RECORDS_BLOCK_HEAD_SIZE], BlockHead *ret)
{
	*ret = (BlockHead){.count = get_u32(bytes + 4),
	        .first = get_u64(bytes + 8),
	        .length = get_u32(bytes + 16),
	        .checksum = get_u64(bytes + 20)};
	return memcmp(bytes, form->block, MARK_SIZE) == 0 && ret->count > 0 &&
	       ret->length <= block_most(form) && ret->count <= ret->length / RECORDS_LENGTH_SIZE;
}
