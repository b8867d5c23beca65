// Reading: nothing is believed that has no checksum, and no checksum replaces a look at lengths and places.
#include "records/form.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static Err damaged(const RecordFile *file, const char *what)
{
	return err(
	        ERR_STATE_CORRUPT, "the %s is damaged (%s): %s", file->form->what, what, file->form->again);
}

static Err no_memory(const RecordFile *file)
{
	return err(ERR_NO_MEMORY, "no memory for the %s", file->form->what);
}

static Err read_at(const RecordFile *file, uint64_t offset, void *to, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t got = pread(file->fd, (char *)to + done, len - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(ERR_IO, "cannot read the %s", file->form->what);
		if (got == 0)
			return damaged(file, "it ends early");
		done += (size_t)got;
	}
	return OK;
}

// --- the end, read first ---

static Err end_read(const RecordFile *file, Arena *arena, Str *ret)
{
	uint8_t head[RECORDS_HEAD_SIZE], tail[RECORDS_TAIL_SIZE];
	if (file->bytes < RECORDS_HEAD_SIZE + RECORDS_TAIL_SIZE)
		return err(ERR_STATE_CORRUPT, "this is no %s", file->form->what);
	TRY(read_at(file, 0, head, sizeof head));
	if (memcmp(head, file->form->head, RECORDS_HEAD_SIZE) != 0)
		return err(ERR_STATE_CORRUPT, "this is no %s", file->form->what);
	TRY(read_at(file, file->bytes - RECORDS_TAIL_SIZE, tail, sizeof tail));
	uint32_t size = get_u32(tail + 8);
	if (memcmp(tail + 12, file->form->end, 4) != 0 || size > RECORDS_END_MAX ||
	        size > file->bytes - RECORDS_TAIL_SIZE - RECORDS_HEAD_SIZE)
		return damaged(file, "it has no end");
	char *packed = arena_alloc(arena, (size_t)size + 1);
	if (packed == NULL)
		return no_memory(file);
	TRY(read_at(file, file->bytes - RECORDS_TAIL_SIZE - size, packed, size));
	if (checksum_of(packed, size) != get_u64(tail))
		return damaged(file, "the checksum of its end");
	*ret = str_n(packed, size);
	return OK;
}

Err records_open(const char *path, const RecordForm *form, Arena *arena, RecordFile *ret, Str *ret_end)
{
	struct stat info;
	RecordFile file = {.form = form, .fd = open(path, O_RDONLY | O_CLOEXEC)};
	if (file.fd < 0)
		return err_errno(ERR_IO, "cannot read %s", path);
	Err e = fstat(file.fd, &info) == 0 ? OK : err_errno(ERR_IO, "cannot read %s", path);
	if (e == OK) {
		file.bytes = (uint64_t)info.st_size;
		e = end_read(&file, arena, ret_end);
		if (e != OK)
			e = err_context(e, "%s", path);
	}
	if (e != OK) {
		ErrDetail why = *err_detail();
		close(file.fd);
		return err_restore(&why);
	}
	// Until the owner has told where the blocks are, the end's begin stands in the number of bytes.
	file.bytes -= RECORDS_TAIL_SIZE + ret_end->len;
	*ret = file;
	return OK;
}

Err records_blocks(RecordFile *file, const uint64_t *blocks, size_t count)
{
	uint64_t least = RECORDS_HEAD_SIZE, end = file->bytes;
	if (count > RECORDS_BLOCKS_MAX)
		return damaged(file, "its end");
	file->blocks = calloc(count + 1, sizeof *file->blocks);
	if (file->blocks == NULL)
		return no_memory(file);
	for (size_t i = 0; i < count; i++) {
		if (blocks[i] < least || (i == 0 && blocks[i] != least))
			return damaged(file, "where its blocks are");
		file->blocks[i] = blocks[i];
		least = blocks[i] + RECORDS_BLOCK_HEAD_SIZE + 1;
	}
	if (end < least)
		return damaged(file, "where its blocks are");
	file->blocks[count] = end;
	file->block_count = count;
	return OK;
}

void records_close(RecordFile *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file->blocks);
	*file = (RecordFile){.fd = -1};
}

// --- blocks ---

Err records_block(const RecordFile *file, uint64_t block, Arena *arena, RecordBlock *ret)
{
	uint8_t bytes[RECORDS_BLOCK_HEAD_SIZE];
	BlockHead head;
	if (block >= file->block_count)
		return err(ERR_INTERNAL, "the %s has no block %llu", file->form->what,
		        (unsigned long long)block);
	uint64_t at = file->blocks[block];
	TRY(read_at(file, at, bytes, sizeof bytes));
	if (!block_head_read(file->form, bytes, &head) ||
	        at + RECORDS_BLOCK_HEAD_SIZE + head.length != file->blocks[block + 1])
		return damaged(file, "the head of a block");
	char *content = arena_uncleared(arena, (size_t)head.length + 1);
	if (content == NULL)
		return no_memory(file);
	TRY(read_at(file, at + RECORDS_BLOCK_HEAD_SIZE, content, head.length));
	if (checksum_of(content, head.length) != head.checksum)
		return damaged(file, "the checksum of a block");
	*ret = (RecordBlock){
	        .content = str_n(content, head.length), .first = head.first, .count = head.count};
	return OK;
}

Err records_next(const RecordFile *file, RecordBlock *block, Str *ret, bool *ret_more)
{
	Str *left = &block->content;
	*ret_more = block->read < block->count;
	if (!*ret_more)
		return left->len == 0 ? OK : damaged(file, "the length of a block");
	if (left->len < RECORDS_LENGTH_SIZE || get_u32(left->ptr) > left->len - RECORDS_LENGTH_SIZE)
		return damaged(file, "a length");
	*ret = str_n(left->ptr + RECORDS_LENGTH_SIZE, get_u32(left->ptr));
	*left = str_n(ret->ptr + ret->len, left->len - RECORDS_LENGTH_SIZE - ret->len);
	block->read++;
	return OK;
}

static Err sum_up(const RecordFile *file, EVP_MD_CTX *sha, Arena *arena, RecordsTold *told, void *context,
        uint64_t *ret_records)
{
	for (uint64_t i = 0; i < file->block_count; i++) {
		RecordBlock block;
		arena_reset(arena);
		TRY(records_block(file, i, arena, &block));
		if (block.first != *ret_records ||
		        EVP_DigestUpdate(sha, block.content.ptr, block.content.len) != 1)
			return damaged(file, "the order of its blocks");
		*ret_records += block.count;
		if (told)
			told(context, *ret_records);
	}
	return OK;
}

Err records_verify(const RecordFile *file, uint64_t records, const uint8_t digest[RECORDS_DIGEST_SIZE],
        RecordsTold *told, void *context)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(RECORDS_BLOCK_BYTES * 2, 0);
	EVP_MD_CTX *sha = EVP_MD_CTX_new();
	uint8_t found[RECORDS_DIGEST_SIZE];
	uint64_t count = 0;
	Err e = arena != NULL && sha != NULL && EVP_DigestInit_ex(sha, EVP_sha256(), NULL) == 1
	                ? sum_up(file, sha, arena, told, context, &count)
	                : no_memory(file);
	if (e == OK && (EVP_DigestFinal_ex(sha, found, NULL) != 1 || count != records ||
	                       memcmp(found, digest, sizeof found) != 0))
		e = damaged(file, "its digest");
	EVP_MD_CTX_free(sha);
	return e;
}
