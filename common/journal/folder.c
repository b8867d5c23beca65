// Errors are sorted here once: no space is JOURNAL_FULL and may pass, everything else is IO and final for the
// writer.
#include "journal/folder.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool no_space(void)
{
	return errno == ENOSPC || errno == EDQUOT;
}

static Err failed(const Folder *folder, const char *what)
{
	if (no_space())
		return err_retry(ERR_JOURNAL_FULL, 1000,
		        "the disk of the journal %s is full: make room on it", folder->path);
	return err_errno(ERR_IO, "cannot %s in the journal %s", what, folder->path);
}

void segment_name(const Segment *segment, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%016" PRIx64 "-%016" PRIx64 SEGMENT_SUFFIX, segment->incarnation,
	        segment->first);
}

static uint64_t hex_u64(const char *digits)
{
	uint8_t bytes[8] = {0};
	uint64_t value = 0;
	if (!hex_decode(str_n(digits, 16), bytes, sizeof bytes))
		return 0;
	for (size_t i = 0; i < sizeof bytes; i++)
		value = value << 8 | bytes[i];
	return value;
}

bool segment_name_parse(const char *name, Segment *ret)
{
	if (strlen(name) != 33 + strlen(SEGMENT_SUFFIX) || name[16] != '-' ||
	        strcmp(name + 33, SEGMENT_SUFFIX) != 0)
		return false;
	*ret = (Segment){.incarnation = hex_u64(name), .first = hex_u64(name + 17)};
	ret->last = ret->first - 1;
	return ret->incarnation > 0 && ret->first > 0;
}

Err segment_open(const Folder *folder, const Segment *segment, int *ret_fd)
{
	char name[NAME_SIZE];
	segment_name(segment, name);
	*ret_fd = folder->io->open(folder->io->context, folder->fd, name, O_RDWR);
	return *ret_fd >= 0 ? OK : failed(folder, "open a segment");
}

static Err allocate_segment(const Folder *folder, int fd, int64_t bytes)
{
	if (folder->io->fallocate(folder->io->context, fd, bytes) != 0)
		return failed(folder, "preallocate a segment");
	TRY(file_sync(folder, fd));
	return file_sync(folder, folder->fd);
}

Err segment_create(const Folder *folder, const Segment *segment, int64_t allocate, int *ret_fd)
{
	char name[NAME_SIZE];
	segment_name(segment, name);
	CLEANUP(fd_closep)
	int fd = folder->io->open(folder->io->context, folder->fd, name, O_RDWR | O_CREAT | O_EXCL);
	if (fd < 0)
		return failed(folder, "make a segment");
	Err e = allocate_segment(folder, fd, allocate);
	if (e != OK) {
		folder->io->unlink(folder->io->context, folder->fd, name);
		return e;
	}
	*ret_fd = fd;
	fd = -1;
	return OK;
}

Err file_write_at(const Folder *folder, int fd, const void *bytes, size_t len, int64_t offset)
{
	const char *at = bytes;
	while (len > 0) {
		ssize_t n = folder->io->pwrite(folder->io->context, fd, at, len, offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? EIO : errno;
			return failed(folder, "write");
		}
		at += n;
		len -= (size_t)n;
		offset += n;
	}
	return OK;
}

Err file_read_at(const Folder *folder, int fd, void *bytes, size_t len, int64_t offset, size_t *ret_len)
{
	char *at = bytes;
	size_t done = 0;
	while (done < len) {
		ssize_t n = folder->io->pread(
		        folder->io->context, fd, at + done, len - done, offset + (int64_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(folder, "read");
		if (n == 0)
			break;
		done += (size_t)n;
	}
	*ret_len = done;
	return OK;
}

Err file_sync(const Folder *folder, int fd)
{
	if (folder->io->fdatasync(folder->io->context, fd) == 0)
		return OK;
	// Even for want of space: what was to be synced may be gone, so this is never worth another try.
	return err_errno(ERR_IO, "cannot sync in the journal %s", folder->path);
}

Err file_replace(const Folder *folder, const char *name, const void *bytes, size_t len)
{
	char beside[NAME_SIZE + 8];
	snprintf(beside, sizeof beside, "%s.tmp", name);
	CLEANUP(fd_closep)
	int fd = folder->io->open(folder->io->context, folder->fd, beside, O_RDWR | O_CREAT | O_TRUNC);
	if (fd < 0)
		return failed(folder, "make a file");
	TRY(file_write_at(folder, fd, bytes, len, 0));
	TRY(file_sync(folder, fd));
	if (folder->io->rename(folder->io->context, folder->fd, beside, name) != 0)
		return failed(folder, "rename a file");
	return file_sync(folder, folder->fd);
}

Err file_remove(const Folder *folder, const char *name)
{
	if (folder->io->unlink(folder->io->context, folder->fd, name) != 0 && errno != ENOENT)
		return failed(folder, "remove a file");
	return OK;
}
