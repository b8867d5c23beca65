#include "faults.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A write that no sync has made durable yet.
typedef struct Unsynced {
	struct Unsynced *next;
	int fd;
	int64_t offset;
	size_t len;
	char bytes[];
} Unsynced;

static Unsynced *unsynced; // in order; only used where one thread writes

static bool use_up(_Atomic long *count)
{
	long left = atomic_load(count);
	while (left > 0)
		if (atomic_compare_exchange_weak(count, &left, left - 1))
			return true;
	return left < 0;
}

static bool strikes(Faults *faults, FaultCall call)
{
	atomic_fetch_add(&faults->calls[call], 1);
	if (atomic_load(&faults->calls_left) >= 0 && atomic_fetch_sub(&faults->calls_left, 1) == 0)
		_exit(9);
	if (atomic_load(&faults->fail_call) != (int)call || !use_up(&faults->fail_times))
		return false;
	errno = atomic_load(&faults->fail_errno);
	return true;
}

static bool interrupted(Faults *faults)
{
	if (atomic_load(&faults->interrupts) <= 0 || !use_up(&faults->interrupts))
		return false;
	errno = EINTR;
	return true;
}

static int fault_open(void *context, int dir_fd, const char *name, int flags)
{
	if (strikes(context, CALL_OPEN))
		return -1;
	return journal_io_system()->open(NULL, dir_fd, name, flags);
}

static ssize_t fault_pread(void *context, int fd, void *bytes, size_t len, int64_t offset)
{
	if (interrupted(context))
		return -1;
	return journal_io_system()->pread(NULL, fd, bytes, len, offset);
}

static ssize_t keep_unsynced(int fd, const void *bytes, size_t len, int64_t offset)
{
	Unsynced *kept = malloc(sizeof *kept + len), **end = &unsynced;
	if (kept == NULL)
		abort();
	*kept = (Unsynced){.fd = fd, .offset = offset, .len = len};
	memcpy(kept->bytes, bytes, len);
	while (*end != NULL)
		end = &(*end)->next;
	*end = kept;
	return (ssize_t)len;
}

static void write_unsynced(int fd)
{
	for (Unsynced **at = &unsynced; *at != NULL;) {
		Unsynced *kept = *at;
		if (kept->fd != fd) {
			at = &kept->next;
			continue;
		}
		if (pwrite(fd, kept->bytes, kept->len, kept->offset) != (ssize_t)kept->len)
			abort();
		*at = kept->next;
		free(kept);
	}
}

static ssize_t fault_pwrite(void *context, int fd, const void *bytes, size_t len, int64_t offset)
{
	Faults *faults = context;
	if (strikes(faults, CALL_PWRITE) || interrupted(faults))
		return -1;
	if (faults->drop_unsynced)
		return keep_unsynced(fd, bytes, len, offset);
	bool cut = atomic_load(&faults->short_writes) > 0 && use_up(&faults->short_writes);
	return journal_io_system()->pwrite(NULL, fd, bytes, cut ? 1 : len, offset);
}

static int fault_fdatasync(void *context, int fd)
{
	if (strikes(context, CALL_FDATASYNC))
		return -1;
	write_unsynced(fd);
	return journal_io_system()->fdatasync(NULL, fd);
}

static int fault_fallocate(void *context, int fd, int64_t len)
{
	return strikes(context, CALL_FALLOCATE) ? -1 : journal_io_system()->fallocate(NULL, fd, len);
}

static int fault_ftruncate(void *context, int fd, int64_t len)
{
	(void)strikes(context, CALL_NONE);
	return journal_io_system()->ftruncate(NULL, fd, len);
}

static int fault_rename(void *context, int dir_fd, const char *from, const char *to)
{
	(void)strikes(context, CALL_NONE);
	return journal_io_system()->rename(NULL, dir_fd, from, to);
}

static int fault_unlink(void *context, int dir_fd, const char *name)
{
	(void)strikes(context, CALL_NONE);
	return journal_io_system()->unlink(NULL, dir_fd, name);
}

void faults_init(Faults *faults)
{
	*faults = (Faults){
	        .io = {fault_open, fault_pread, fault_pwrite, fault_fdatasync, fault_fallocate,
	                fault_ftruncate, fault_rename, fault_unlink, faults},
	        .calls_left = -1,
	        .fail_call = -1,
	};
}
