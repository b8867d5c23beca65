// Writing. An attempt that was broken off is taken up by writing the same records again: what is there
// already is compared, so that nothing can follow that does not belong to it.
#include "records/form.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>

static Err no_memory(const RecordWriter *writer)
{
	return err(ERR_NO_MEMORY, "no memory for the %s", writer->form->what);
}

static Err is_there_already(const RecordWriter *writer, const void *bytes, size_t len, size_t *ret_same)
{
	const char *expected = bytes;
	size_t same =
	        writer->written - writer->offset < len ? (size_t)(writer->written - writer->offset) : len;
	char there[4096];
	for (size_t at = 0; at < same;) {
		size_t piece = same - at < sizeof there ? same - at : sizeof there;
		ssize_t got = pread(fileno(writer->file), there, piece, (off_t)(writer->offset + at));
		if (got <= 0)
			return err_errno(ERR_IO, "cannot read the %s", writer->form->what);
		if (memcmp(there, expected + at, (size_t)got) != 0)
			return err(ERR_STATE_CORRUPT,
			        "what was written of the %s before is of other inputs, or damaged: remove it "
			        "and begin "
			        "anew",
			        writer->form->what);
		at += (size_t)got;
	}
	*ret_same = same;
	return OK;
}

static Err put(RecordWriter *writer, const void *bytes, size_t len)
{
	size_t same = 0;
	if (writer->offset < writer->written) {
		TRY(is_there_already(writer, bytes, len, &same));
		if (writer->offset + same == writer->written &&
		        fseeko(writer->file, (off_t)writer->written, SEEK_SET) != 0)
			return err_errno(ERR_IO, "cannot write the %s", writer->form->what);
	}
	if (fwrite((const char *)bytes + same, 1, len - same, writer->file) != len - same)
		return err_errno(ERR_IO, "cannot write the %s", writer->form->what);
	writer->offset += len;
	return OK;
}

Err records_begin(RecordWriter *writer, const RecordForm *form, FILE *file, uint64_t written)
{
	EVP_MD_CTX *sha = EVP_MD_CTX_new();
	*writer = (RecordWriter){.form = form,
	        .file = file,
	        .sha = sha,
	        .buffer = malloc(block_most(form)),
	        .written = written};
	if (sha == NULL || writer->buffer == NULL || EVP_DigestInit_ex(sha, EVP_sha256(), NULL) != 1)
		return no_memory(writer);
	return put(writer, form->head, RECORDS_HEAD_SIZE);
}

void records_done(RecordWriter *writer)
{
	EVP_MD_CTX_free(writer->sha);
	free(writer->buffer);
	free(writer->blocks);
	*writer = (RecordWriter){0};
}

static Err block_remember(RecordWriter *writer)
{
	if (writer->block_count == writer->block_room) {
		size_t room = writer->block_room > 0 ? writer->block_room * 2 : 64;
		uint64_t *blocks = realloc(writer->blocks, room * sizeof *blocks);
		if (blocks == NULL)
			return no_memory(writer);
		writer->blocks = blocks;
		writer->block_room = room;
	}
	if (writer->block_count == RECORDS_BLOCKS_MAX)
		return err(ERR_LIMIT, "the %s is larger than 4 TiB: make several of it", writer->form->what);
	writer->blocks[writer->block_count++] = writer->offset;
	return OK;
}

static Err block_flush(RecordWriter *writer)
{
	uint8_t bytes[RECORDS_BLOCK_HEAD_SIZE];
	if (writer->count == 0)
		return OK;
	const BlockHead head = {.count = writer->count,
	        .first = writer->records - writer->count,
	        .length = (uint32_t)writer->len,
	        .checksum = checksum_of(writer->buffer, writer->len)};
	TRY(block_remember(writer));
	block_head_write(writer->form, &head, bytes);
	TRY(put(writer, bytes, sizeof bytes));
	TRY(put(writer, writer->buffer, writer->len));
	if (EVP_DigestUpdate(writer->sha, writer->buffer, writer->len) != 1)
		return no_memory(writer);
	writer->len = writer->count = 0;
	return OK;
}

Err records_add(RecordWriter *writer, Str record)
{
	if (record.len > writer->form->record_max)
		return err(ERR_LIMIT, "a record of the %s has %zu bytes, at most %zu are possible",
		        writer->form->what, record.len, writer->form->record_max);
	if (writer->len + record.len + RECORDS_LENGTH_SIZE > RECORDS_BLOCK_BYTES)
		TRY(block_flush(writer));
	put_u32(writer->buffer + writer->len, (uint32_t)record.len);
	memcpy(writer->buffer + writer->len + RECORDS_LENGTH_SIZE, record.ptr, record.len);
	writer->len += RECORDS_LENGTH_SIZE + record.len;
	writer->count++;
	writer->records++;
	return OK;
}

Err records_digest(RecordWriter *writer, uint8_t digest[RECORDS_DIGEST_SIZE])
{
	TRY(block_flush(writer));
	return EVP_DigestFinal_ex(writer->sha, digest, NULL) == 1 ? OK : no_memory(writer);
}

Err records_end(RecordWriter *writer, Str end)
{
	uint8_t tail[RECORDS_TAIL_SIZE];
	put_u64(tail, checksum_of(end.ptr, end.len));
	put_u32(tail + 8, (uint32_t)end.len);
	memcpy(tail + 12, writer->form->end, 4);
	TRY(put(writer, end.ptr, end.len));
	return put(writer, tail, sizeof tail);
}

// --- what is left of an attempt ---

uint64_t records_whole(const RecordForm *form, FILE *file)
{
	uint8_t head_bytes[RECORDS_BLOCK_HEAD_SIZE];
	uint64_t whole = RECORDS_HEAD_SIZE;
	BlockHead head;
	char *content = malloc(block_most(form));
	rewind(file);
	bool sound = content != NULL && fread(head_bytes, 1, RECORDS_HEAD_SIZE, file) == RECORDS_HEAD_SIZE &&
	             memcmp(head_bytes, form->head, RECORDS_HEAD_SIZE) == 0;
	if (!sound)
		whole = 0;
	while (sound) {
		sound = fread(head_bytes, 1, sizeof head_bytes, file) == sizeof head_bytes &&
		        block_head_read(form, head_bytes, &head) &&
		        fread(content, 1, head.length, file) == head.length &&
		        checksum_of(content, head.length) == head.checksum;
		whole += sound ? sizeof head_bytes + head.length : 0;
	}
	free(content);
	rewind(file);
	return whole;
}
