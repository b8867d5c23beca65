// POSIX files; the durable write follows the only order that survives a crash at any point: write beside,
// fsync, rename, fsync the folder.
#include "base/file.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void fd_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static Err read_all(int fd, const char *path, size_t max, char *buffer, size_t *ret_len)
{
	size_t len = 0;

	for (;;) {
		ssize_t got = read(fd, buffer + len, max + 1 - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(ERR_IO, "cannot read %s", path);
		if (got == 0)
			break;
		len += (size_t)got;
		if (len > max)
			return err(ERR_LIMIT, "%s is longer than %zu bytes", path, max);
	}
	*ret_len = len;
	return OK;
}

Err file_read(const char *path, size_t max, Arena *arena, Str *ret)
{
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat info;
	size_t room, len;
	char *buffer;

	if (fd < 0)
		return err_errno(ERR_IO, "cannot open %s", path);
	if (fstat(fd, &info) < 0)
		return err_errno(ERR_IO, "cannot stat %s", path);
	if (info.st_size > 0 && (uint64_t)info.st_size > max)
		return err(ERR_LIMIT, "%s is longer than %zu bytes", path, max);
	// A pipe or /proc file says 0: then there must be room for the most that is allowed.
	room = S_ISREG(info.st_mode) && info.st_size > 0 ? (size_t)info.st_size : max;
	buffer = arena_alloc(arena, room + 2);
	if (!buffer)
		return err(ERR_NO_MEMORY, "no memory for %s", path);
	TRY(read_all(fd, path, room, buffer, &len));
	buffer[len] = 0;
	*ret = str_n(buffer, len);
	return OK;
}

static Err write_all(int fd, const char *path, Str content)
{
	for (size_t done = 0; done < content.len;) {
		ssize_t put = write(fd, content.ptr + done, content.len - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return err_errno(ERR_IO, "cannot write %s", path);
		done += (size_t)put;
	}
	if (fsync(fd) < 0)
		return err_errno(ERR_IO, "cannot fsync %s", path);
	return OK;
}

static Err parent_sync(const char *path)
{
	const char *slash = strrchr(path, '/');
	char parent[4096];

	if (!slash)
		return dir_sync(".");
	if ((size_t)(slash - path) >= sizeof(parent))
		return err(ERR_LIMIT, "the path %s is too long", path);
	memcpy(parent, path, (size_t)(slash - path));
	parent[slash - path] = 0;
	return dir_sync(slash == path ? "/" : parent);
}

static Err write_beside(const char *path, const char *beside, int fd, Str content, unsigned mode)
{
	if (fchmod(fd, (mode_t)mode) < 0)
		return err_errno(ERR_IO, "cannot chmod %s", beside);
	TRY(write_all(fd, beside, content));
	if (rename(beside, path) < 0)
		return err_errno(ERR_IO, "cannot rename %s to %s", beside, path);
	return parent_sync(path);
}

Err file_write_durable(const char *path, Str content, unsigned mode)
{
	char beside[4096];
	CLEANUP(fd_closep) int fd = -1;
	Err e;

	if ((size_t)snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= sizeof(beside))
		return err(ERR_LIMIT, "the path %s is too long", path);
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return err_errno(ERR_IO, "cannot create a file beside %s", path);
	e = write_beside(path, beside, fd, content, mode);
	if (e != OK)
		unlink(beside);
	return e;
}

Err dir_sync(const char *path)
{
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(ERR_IO, "cannot open folder %s", path);
	if (fsync(fd) < 0)
		return err_errno(ERR_IO, "cannot fsync folder %s", path);
	return OK;
}

Err dir_make(const char *path, unsigned mode)
{
	char part[4096];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part))
		return err(ERR_LIMIT, "the path %s is empty or too long", path);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != 0)
			continue;
		memcpy(part, path, i);
		part[i] = 0;
		if (mkdir(part, (mode_t)mode) < 0 && errno != EEXIST)
			return err_errno(ERR_IO, "cannot make folder %s", part);
	}
	return OK;
}

char *path_join(Arena *arena, Str dir, Str name)
{
	if (dir.len == 0 || (name.len && name.ptr[0] == '/'))
		return arena_cstr(arena, name);
	return arena_printf(arena, STR_FMT "%s" STR_FMT, STR_ARG(dir), dir.ptr[dir.len - 1] == '/' ? "" : "/",
	        STR_ARG(name));
}
