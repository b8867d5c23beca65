// The envelopes of a channel. Their files have the names of their manifests' digests, so that nothing is ever
// overwritten: the state alone says what each of them is, and writing it is the one step that counts.
#include "current/internal.h"

#include "base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

static const char *path_of(const Channel *channel, const Digest *digest, Arena *arena)
{
	char hex[65];
	digest_hex(digest, hex);
	return path_join(arena, str(channel->dir), str(hex));
}

Err manifest_read(const Channel *channel, const Digest *digest, Arena *arena, Str *ret)
{
	const char *path = path_of(channel, digest, arena);
	if (file_read(path, ENVELOPE_MAX, arena, ret))
		return err(ERR_ENVELOPE_INVALID, "%s cannot be read: deploy again", path);
	return OK;
}

Err manifest_write(const Channel *channel, const Digest *digest, Str envelope)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(8192, 0);
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for a file's name");
	return file_write_durable(path_of(channel, digest, arena), envelope, 0600);
}

typedef bool (*Visit)(const Channel *channel, const char *path, const Digest *digest);

// Those whose names are digests, until one visit says that it is enough; whether one did.
static bool each_manifest(const Channel *channel, Visit visit)
{
	DIR *dir = opendir(channel->dir);
	const struct dirent *entry;
	bool enough = false;
	while (dir && !enough && (entry = readdir(dir))) {
		char path[4096 + 96];
		Digest digest;
		snprintf(path, sizeof path, "%s/%.90s", channel->dir, entry->d_name);
		enough = digest_parse(str(entry->d_name), &digest) && visit(channel, path, &digest);
	}
	if (dir)
		closedir(dir);
	return enough;
}

static bool found(const Channel *channel, const char *path, const Digest *digest)
{
	(void)channel, (void)path, (void)digest;
	return true;
}

bool manifests_any(const Channel *channel)
{
	return each_manifest(channel, found);
}

static bool collect(const Channel *channel, const char *path, const Digest *digest)
{
	const Saved *saved = &channel->saved;
	if (!kept_is(&saved->stable, digest) && !kept_is(&saved->previous, digest) &&
	        !kept_is(&saved->candidate, digest))
		unlink(path);
	return false;
}

void manifests_collect(const Channel *channel)
{
	each_manifest(channel, collect);
}
