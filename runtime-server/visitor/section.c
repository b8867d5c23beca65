// The disk is synced every few megabytes: the journal's syncs would have to wait for all that has piled up.
#include "visitor/section.h"

#include "journal/crc32c.h"

#include <errno.h>
#include <unistd.h>

enum { SYNC_EVERY = 4 << 20 };

static void fail(SectionFile *file, Err e)
{
	if (file->error != OK || e == OK)
		return;
	file->error = e;
	file->detail = *err_detail();
}

static Err write_all(int fd, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_errno(ERR_IO, "cannot write a checkpoint of visitor state");
		bytes += n;
		len -= (size_t)n;
	}
	return OK;
}

static Err sync_now(SectionFile *file)
{
	file->synced = file->written;
	return fdatasync(file->fd) == 0 ? OK : err_errno(ERR_IO, "cannot sync a checkpoint of visitor state");
}

static void put_out(SectionFile *file, const uint8_t *bytes, size_t len)
{
	if (file->error != OK)
		return;
	fail(file, write_all(file->fd, bytes, len));
	file->written += len;
	if (file->error == OK && file->written - file->synced >= SYNC_EVERY)
		fail(file, sync_now(file));
}

void section_file_begin(SectionFile *file, int fd)
{
	*file = (SectionFile){.fd = fd};
	put_out(file, (const uint8_t *)CHECKPOINT_MAGIC, MAGIC_SIZE);
}

Err section_file_end(SectionFile *file)
{
	if (file->error == OK)
		fail(file, sync_now(file));
	return file->error == OK ? OK : err_restore(&file->detail);
}

void section_file_free(SectionFile *file)
{
	bytes_free(&file->front);
	bytes_free(&file->body);
}

static void put_header(uint8_t *header, SectionType type, size_t len)
{
	uint32_t kind = htole32(type);
	uint64_t size = htole64(len);
	memcpy(header + 4, &kind, sizeof kind);
	memcpy(header + 8, &size, sizeof size);
}

static void put_checksum(uint8_t *header, uint32_t crc)
{
	crc = htole32(crc);
	memcpy(header, &crc, sizeof crc);
}

void section_begin(SectionFile *file)
{
	file->front.len = file->body.len = 0;
	bytes_put(&file->front, (const uint8_t[SECTION_HEADER]){0}, SECTION_HEADER);
}

void section_end(SectionFile *file, SectionType type)
{
	Bytes *front = &file->front, *body = &file->body;
	if (front->failed || body->failed)
		fail(file, err(ERR_NO_MEMORY, "no memory to write a checkpoint of visitor state"));
	if (file->error != OK)
		return;
	put_header(front->ptr, type, front->len - SECTION_HEADER + body->len);
	put_checksum(front->ptr, crc32c(crc32c(0, front->ptr + 4, front->len - 4), body->ptr, body->len));
	put_out(file, front->ptr, front->len);
	put_out(file, body->ptr, body->len);
	file->sections++;
}
