// Every call that the journal makes to the disk, in one table: tests put in their own and let any call fail,
// come up short, or be the last one before a crash. Semantics and errno are those of the system call of the
// same name; names are relative to `dir_fd`.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct JournalIo {
	int (*open)(void *context, int dir_fd, const char *name, int flags);
	ssize_t (*pread)(void *context, int fd, void *bytes, size_t len, int64_t offset);
	ssize_t (*pwrite)(void *context, int fd, const void *bytes, size_t len, int64_t offset);
	int (*fdatasync)(void *context, int fd); // also of folders
	int (*fallocate)(void *context, int fd, int64_t len);
	int (*ftruncate)(void *context, int fd, int64_t len);
	int (*rename)(void *context, int dir_fd, const char *from, const char *to);
	int (*unlink)(void *context, int dir_fd, const char *name);
	void *context;
} JournalIo;

// The system's calls.
const JournalIo *journal_io_system(void);
