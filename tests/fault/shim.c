// Preloaded into a runtime server (LD_PRELOAD): a disk that loses what was not synced, and one that fails; a
// clock that is set while the server runs. The server is not built for it and does not know of it.
//
// FAULT_FOLDER   files in this folder are meant
// FAULT_HOLD=1   what is written there waits in this process's memory until fdatasync: kill -9 then loses
// what
//                a power failure would. Nobody may read what he has not synced, so reads see the disk only.
// FAULT_CONTROL  a file of three fields of 32 bytes, texts padded with spaces, that may change at any time:
//                seconds to add to the clock; how the disk fails (none, enospc, eio-write, eio-sync,
//                eio-once, short); eio-once is what kernels do: one sync fails, what it was about is gone,
//                and the next ones succeed; microseconds that a sync takes longer
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { FIELD = 32, FIELDS = 3, PATH_SIZE = 4096 };

// One write that waits, by the file and not by its descriptor: closing does not sync.
typedef struct Held {
	struct Held *next;
	dev_t device;
	ino_t file;
	off_t offset;
	size_t len;
	char bytes[];
} Held;

static struct {
	ssize_t (*pwrite)(int fd, const void *bytes, size_t len, off_t offset);
	int (*fdatasync)(int fd);
	int (*fsync)(int fd);
	int (*fallocate)(int fd, int mode, off_t offset, off_t len);
	int (*clock_gettime)(clockid_t clock, struct timespec *ret);
} system_calls;

static const char *folder;
static const volatile char *control;
static bool holds;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Held *first, **last = &first;

static void *symbol(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (!found)
		abort();
	return found;
}

static void find_calls(void)
{
	*(void **)&system_calls.clock_gettime = symbol("clock_gettime");
	*(void **)&system_calls.pwrite = symbol("pwrite");
	*(void **)&system_calls.fdatasync = symbol("fdatasync");
	*(void **)&system_calls.fsync = symbol("fsync");
	*(void **)&system_calls.fallocate = symbol("fallocate");
}

static void map_control(const char *path)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *bytes = fd >= 0 ? mmap(NULL, (size_t)FIELD * FIELDS, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (path && bytes == MAP_FAILED)
		abort(); // a test that would test nothing
	control = bytes == MAP_FAILED ? NULL : bytes;
	if (fd >= 0)
		(void)close(fd);
}

__attribute__((constructor)) static void begin(void)
{
	find_calls();
	folder = getenv("FAULT_FOLDER");
	holds = getenv("FAULT_HOLD") != NULL;
	map_control(getenv("FAULT_CONTROL"));
}

static void read_field(int number, char text[FIELD + 1])
{
	for (int i = 0; i < FIELD; i++)
		text[i] = control ? control[number * FIELD + i] : ' ';
	text[FIELD] = 0;
}

static long number_of(int number)
{
	char text[FIELD + 1];

	read_field(number, text);
	return strtol(text, NULL, 10);
}

static bool disk_is(const char *word)
{
	char text[FIELD + 1];
	size_t len = strlen(word);

	read_field(1, text);
	return strncmp(text, word, len) == 0 && text[len] == ' ';
}

// A file of the folder whose name ends so.
static bool is_meant(int fd, const char *end)
{
	char link[64], path[PATH_SIZE];
	size_t len = folder ? strlen(folder) : 0;
	ssize_t n;

	if (len == 0)
		return false;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	return n > (ssize_t)(len + strlen(end)) && memcmp(path, folder, len) == 0 && path[len] == '/' &&
	       memcmp(path + n - strlen(end), end, strlen(end)) == 0;
}

// --- writes ---

static ssize_t hold(int fd, const void *bytes, size_t len, off_t offset)
{
	struct stat stat;
	Held *held = malloc(sizeof(*held) + len);

	if (!held || fstat(fd, &stat) != 0)
		abort();
	*held = (Held){.device = stat.st_dev, .file = stat.st_ino, .offset = offset, .len = len};
	memcpy(held->bytes, bytes, len);
	(void)pthread_mutex_lock(&lock);
	*last = held;
	last = &held->next;
	(void)pthread_mutex_unlock(&lock);
	return (ssize_t)len;
}

// Writes what waits for this file, in order; or forgets it.
static void let_go(int fd, bool write)
{
	struct stat stat;

	if (fstat(fd, &stat) != 0)
		abort();
	(void)pthread_mutex_lock(&lock);
	for (Held **at = &first; *at;) {
		Held *held = *at;

		if (held->device != stat.st_dev || held->file != stat.st_ino) {
			at = &held->next;
			continue;
		}
		if (write &&
		        system_calls.pwrite(fd, held->bytes, held->len, held->offset) != (ssize_t)held->len)
			abort();
		*at = held->next;
		free(held);
	}
	last = &first;
	while (*last)
		last = &(*last)->next;
	(void)pthread_mutex_unlock(&lock);
}

static ssize_t write_at(int fd, const void *bytes, size_t len, off_t offset)
{
	static unsigned calls;

	if (!is_meant(fd, ""))
		return system_calls.pwrite(fd, bytes, len, offset);
	if (disk_is("enospc")) {
		errno = ENOSPC;
		return -1;
	}
	if (disk_is("eio-write")) {
		errno = EIO;
		return -1;
	}
	if (disk_is("short")) {
		if (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) % 3 == 0) {
			errno = EINTR;
			return -1;
		}
		len = len > 1 ? len / 2 : len;
	}
	return holds ? hold(fd, bytes, len, offset) : system_calls.pwrite(fd, bytes, len, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	return write_at(fd, bytes, len, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t offset)
{
	return write_at(fd, bytes, len, offset);
}

static int allocate(int fd, int mode, off_t offset, off_t len)
{
	if (is_meant(fd, "") && disk_is("enospc")) {
		errno = ENOSPC;
		return -1;
	}
	return system_calls.fallocate(fd, mode, offset, len);
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
	return allocate(fd, mode, offset, len);
}

int fallocate64(int fd, int mode, off_t offset, off_t len)
{
	return allocate(fd, mode, offset, len);
}

// Once, and of records: a sync of something else would not have to end the server.
static bool fails_once(int fd)
{
	static int failed;

	return disk_is("eio-once") && is_meant(fd, ".segment") &&
	       !__atomic_exchange_n(&failed, 1, __ATOMIC_RELAXED);
}

static int sync_file(int fd, int (*call)(int fd))
{
	long delay;

	if (!is_meant(fd, ""))
		return call(fd);
	delay = number_of(2);
	if (delay > 0)
		(void)usleep((useconds_t)delay);
	if (disk_is("eio-sync") || fails_once(fd)) {
		if (holds)
			let_go(fd, false);
		errno = EIO;
		return -1;
	}
	if (holds)
		let_go(fd, true);
	return call(fd);
}

int fdatasync(int fd)
{
	return sync_file(fd, system_calls.fdatasync);
}

int fsync(int fd)
{
	return sync_file(fd, system_calls.fsync);
}

// --- the clock ---

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	int result;

	if (!system_calls.clock_gettime) // another library's constructor comes before ours
		find_calls();
	result = system_calls.clock_gettime(clock, ret);
	if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		ret->tv_sec += number_of(0);
	return result;
}
