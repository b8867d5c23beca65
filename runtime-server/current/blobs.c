// Blobs by their digests. A part file's length is how much has arrived: nothing else has to be remembered, so
// a transfer goes on after either side was restarted. What arrived is not looked at before it is activated.
#include "current/internal.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PARTS_MAX = 8, NAME_SIZE = 64 };

typedef struct BlobPath {
	char text[4096 + 96];
} BlobPath;

static BlobPath path_of(const Current *current, const Digest *digest, const char *suffix)
{
	BlobPath path;
	char hex[65];
	digest_hex(digest, hex);
	snprintf(path.text, sizeof path.text, "%s/%s%s", current->blobs_dir, hex, suffix);
	return path;
}

static bool file_size(const char *path, uint64_t *ret)
{
	struct stat info;
	if (stat(path, &info) < 0)
		return false;
	*ret = (uint64_t)info.st_size;
	return true;
}

static void dir_closep(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

// --- the folder ---

typedef void (*Visit)(void *context, const char *path, const char *name);

static void each_file(const Current *current, Visit visit, void *context)
{
	CLEANUP(dir_closep) DIR *dir = opendir(current->blobs_dir);
	const struct dirent *entry;
	while (dir && (entry = readdir(dir))) {
		BlobPath path;
		snprintf(path.text, sizeof path.text, "%s/%.90s", current->blobs_dir, entry->d_name);
		if (strlen(entry->d_name) >= NAME_SIZE)
			visit(context, path.text, entry->d_name);
	}
}

typedef struct Parts {
	size_t count;
	time_t oldest_time;
	BlobPath oldest;
} Parts;

static void count_part(void *context, const char *path, const char *name)
{
	Parts *parts = context;
	struct stat info;
	if (!str_ends(str(name), STR(".part")) || stat(path, &info) < 0)
		return;
	if (parts->count++ == 0 || info.st_mtime < parts->oldest_time) {
		parts->oldest_time = info.st_mtime;
		snprintf(parts->oldest.text, sizeof parts->oldest.text, "%s", path);
	}
}

// A transfer that was given up must not fill the disk.
static void make_room_for_a_part(const Current *current)
{
	Parts parts = {0};
	each_file(current, count_part, &parts);
	if (parts.count >= PARTS_MAX)
		unlink(parts.oldest.text);
}

static bool has_blob(const Kept *kept, const Digest *digest)
{
	return kept->version != 0 && digest_eq(&kept->blob, digest);
}

static bool is_needed(const Current *current, const char *name)
{
	Digest digest;
	if (str_ends(str(name), STR(".part")))
		return true;
	if (!digest_parse(str(name), &digest))
		return false;
	for (size_t i = 0; i < atomic_load(&current->count); i++) {
		const Saved *saved = &current->channels[i]->saved;
		if (has_blob(&saved->stable, &digest) || has_blob(&saved->previous, &digest) ||
		        has_blob(&saved->candidate, &digest))
			return true;
	}
	return false;
}

static void collect(void *context, const char *path, const char *name)
{
	if (!is_needed(context, name))
		unlink(path);
}

void blobs_collect(Current *current)
{
	// A channel without its state does not say what it needs.
	for (size_t i = 0; i < atomic_load(&current->count); i++) {
		if (current->channels[i]->state_lost)
			return;
	}
	each_file(current, collect, current);
}

// --- staging ---

static Err append(int fd, uint64_t at, Str data)
{
	while (data.len) {
		ssize_t n = pwrite(fd, data.ptr, data.len, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_errno(ERR_IO, "cannot write a piece of a snapshot: is the disk full?");
		data.ptr += n;
		data.len -= (size_t)n;
		at += (uint64_t)n;
	}
	return OK;
}

static Err check_piece(uint64_t length, uint64_t offset, Str data)
{
	if (length == 0 || length > SNAPSHOT_MAX)
		return err_at(ERR_FIELD_INVALID, "length", "a snapshot has 1 to %d bytes, not %llu",
		        SNAPSHOT_MAX, (unsigned long long)length);
	if (data.len > CURRENT_PIECE_MAX)
		return err_at(ERR_FIELD_INVALID, "data", "a piece has at most %d bytes, not %zu",
		        CURRENT_PIECE_MAX, data.len);
	if (offset > length || data.len > length - offset)
		return err(ERR_SNAPSHOT_LENGTH, "the piece goes beyond the snapshot's length of %llu bytes",
		        (unsigned long long)length);
	return OK;
}

static Err stage_part(const char *path, uint64_t length, uint64_t offset, Str data, uint64_t *ret_received)
{
	CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct stat info;
	if (fd < 0 || fstat(fd, &info) < 0)
		return err_errno(ERR_IO, "cannot open %s", path);
	uint64_t here = (uint64_t)info.st_size;
	if (here > length) {
		unlink(path);
		return err(ERR_SNAPSHOT_LENGTH, "%llu bytes are here of a snapshot of %llu: start again",
		        (unsigned long long)here, (unsigned long long)length);
	}
	if (offset > here)
		return err_at(ERR_FIELD_INVALID, "offset", "%llu bytes are here: send from there on",
		        (unsigned long long)here);
	uint64_t known = here - offset;
	if (data.len > known) {
		TRY(append(fd, here, str_n(data.ptr + known, data.len - known)));
		here = offset + data.len;
	}
	*ret_received = here;
	return OK;
}

Err current_stage(Current *current, const Digest *digest, uint64_t length, uint64_t offset, Str data,
        uint64_t *ret_received)
{
	TRY(check_piece(length, offset, data));
	LOCKED(&current->deploy);
	uint64_t size;
	BlobPath whole = path_of(current, digest, ""), part = path_of(current, digest, ".part");
	if (file_size(whole.text, &size)) {
		*ret_received = length;
		return size == length ? OK
		                      : err(ERR_SNAPSHOT_LENGTH, "the snapshot has %llu bytes, not %llu",
		                                (unsigned long long)size, (unsigned long long)length);
	}
	if (!file_size(part.text, &size))
		make_room_for_a_part(current);
	return stage_part(part.text, length, offset, data, ret_received);
}

// --- whole blobs ---

Err blob_read(Current *current, const Digest *digest, uint64_t length, Arena *arena, Str *ret)
{
	uint64_t size;
	BlobPath path = path_of(current, digest, "");
	if (!file_size(path.text, &size)) {
		path = path_of(current, digest, ".part");
		if (!file_size(path.text, &size) || size < length)
			return err(ERR_BLOB_INCOMPLETE,
			        "the snapshot %.64s is not here whole: send its pieces first",
			        path.text + strlen(current->blobs_dir) + 1);
	}
	Err e = file_read(path.text, length, arena, ret);
	if (e == ERR_LIMIT || (!e && ret->len != length))
		return err(ERR_SNAPSHOT_LENGTH, "%s has not the %llu bytes that its manifest says", path.text,
		        (unsigned long long)length);
	return e;
}

Err blob_keep(Current *current, const Digest *digest)
{
	uint64_t size;
	BlobPath whole = path_of(current, digest, ""), part = path_of(current, digest, ".part");
	if (file_size(whole.text, &size))
		return OK;
	CLEANUP(fd_closep) int fd = open(part.text, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0 || rename(part.text, whole.text) < 0)
		return err_errno(ERR_IO, "cannot keep %s", part.text);
	return dir_sync(current->blobs_dir);
}

void blob_quarantine(Current *current, const Digest *digest)
{
	BlobPath whole = path_of(current, digest, ""), part = path_of(current, digest, ".part");
	BlobPath damaged = path_of(current, digest, ".damaged");
	if (rename(whole.text, damaged.text) < 0)
		unlink(part.text);
}
