// Plain pass-through; the one decision is that a file system without fallocate gets a sparse file instead, so
// that only the early notice of a full disk is lost there.
#include "journal/journal_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int io_open(void *context, int dir_fd, const char *name, int flags)
{
	(void)context;
	return openat(dir_fd, name, flags | O_CLOEXEC, 0600);
}

static ssize_t io_pread(void *context, int fd, void *bytes, size_t len, int64_t offset)
{
	(void)context;
	return pread(fd, bytes, len, offset);
}

static ssize_t io_pwrite(void *context, int fd, const void *bytes, size_t len, int64_t offset)
{
	(void)context;
	return pwrite(fd, bytes, len, offset);
}

static int io_fdatasync(void *context, int fd)
{
	(void)context;
	return fdatasync(fd);
}

static int io_ftruncate(void *context, int fd, int64_t len)
{
	(void)context;
	return ftruncate(fd, len);
}

static int io_fallocate(void *context, int fd, int64_t len)
{
	if (fallocate(fd, 0, 0, len) == 0)
		return 0;
	return errno == EOPNOTSUPP || errno == ENOSYS ? io_ftruncate(context, fd, len) : -1;
}

static int io_rename(void *context, int dir_fd, const char *from, const char *to)
{
	(void)context;
	return renameat(dir_fd, from, dir_fd, to);
}

static int io_unlink(void *context, int dir_fd, const char *name)
{
	(void)context;
	return unlinkat(dir_fd, name, 0);
}

const JournalIo *journal_io_system(void)
{
	static const JournalIo system = {
	        .open = io_open,
	        .pread = io_pread,
	        .pwrite = io_pwrite,
	        .fdatasync = io_fdatasync,
	        .fallocate = io_fallocate,
	        .ftruncate = io_ftruncate,
	        .rename = io_rename,
	        .unlink = io_unlink,
	};
	return &system;
}
