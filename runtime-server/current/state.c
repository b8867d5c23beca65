// The state file is text, for people, with its own SHA-256 at the end, against damage. It is read by writing
// what was understood and comparing: there is one spelling.
#include "current/internal.h"

#include "base/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { STATE_MAX = 8192, KEPT = 3 };

#define HEAD_FORMAT                                                                                          \
	"parley place 2\nhighest_time_us %" PRId64 "\nroot %" PRIu64 "\ntimestamp %" PRIu64                  \
	"\nepoch %" PRIu64 "\nversion %" PRIu64 "\nmanifest %s\nleast_epoch %" PRIu64                        \
	"\nleast_version %" PRIu64 "\nundeployed %u\npermille %u\n"
#define HEAD_SCAN                                                                                            \
	"parley place 2\nhighest_time_us %" SCNd64 "\nroot %" SCNu64 "\ntimestamp %" SCNu64                  \
	"\nepoch %" SCNu64 "\nversion %" SCNu64 "\nmanifest %64[0-9a-f]\nleast_epoch %" SCNu64               \
	"\nleast_version %" SCNu64 "\nundeployed %u\npermille %u\n%n"
#define KEPT_FORMAT                                                                                          \
	"%s\n root %" PRIu64 "\n epoch %" PRIu64 "\n version %" PRIu64 "\n manifest %s\n blob %s\n"          \
	" taken_us %" PRId64 "\n since_us %" PRId64 "\n"
#define KEPT_SCAN                                                                                            \
	"%*[a-z]\n root %" SCNu64 "\n epoch %" SCNu64 "\n version %" SCNu64 "\n manifest %64[0-9a-f]\n"      \
	" blob %64[0-9a-f]\n taken_us %" SCNd64 "\n since_us %" SCNd64 "\n%n"

static const char *const kept_names[KEPT] = {"stable", "previous", "candidate"};

static const char *state_path(const Channel *channel, Arena *arena)
{
	return path_join(arena, str(channel->dir), STR("state"));
}

static char *format_kept(const char *name, const Kept *kept, Arena *arena)
{
	char manifest[65], blob[65];
	digest_hex(&kept->manifest, manifest);
	digest_hex(&kept->blob, blob);
	return arena_printf(arena, KEPT_FORMAT, name, kept->root, kept->epoch, kept->version, manifest, blob,
	        kept->taken_us, kept->since_us);
}

static Str format_state(const Saved *saved, Arena *arena)
{
	const Kept *kept[KEPT] = {&saved->stable, &saved->previous, &saved->candidate};
	const PlaceState *floor = &saved->floor;
	char hex[65];
	digest_hex(&floor->manifest, hex);
	char *text = arena_printf(arena, HEAD_FORMAT, floor->highest_time_us, saved->root, saved->timestamp,
	        floor->epoch, floor->version, hex, saved->least_epoch, saved->least_version,
	        (unsigned)saved->undeployed, saved->permille);
	for (size_t i = 0; i < KEPT; i++)
		text = arena_printf(arena, "%s%s", text, format_kept(kept_names[i], kept[i], arena));
	Digest digest = digest_of(str(text));
	digest_hex(&digest, hex);
	return str(arena_printf(arena, "%ssha256 %s\n", text, hex));
}

static bool scan_kept(const char **at, Kept *ret)
{
	char manifest[65], blob[65];
	int len = 0;
	if (sscanf(*at, KEPT_SCAN, &ret->root, &ret->epoch, &ret->version, manifest, blob, &ret->taken_us,
	            &ret->since_us, &len) != 7 ||
	        len == 0)
		return false;
	*at += len;
	return digest_parse(str(manifest), &ret->manifest) && digest_parse(str(blob), &ret->blob);
}

static bool scan_state(Str text, Saved *ret)
{
	*ret = (Saved){0};
	Kept *kept[KEPT] = {&ret->stable, &ret->previous, &ret->candidate};
	PlaceState *floor = &ret->floor;
	const char *at = text.ptr;
	char hex[65];
	unsigned undeployed;
	int len = 0;
	if (sscanf(at, HEAD_SCAN, &floor->highest_time_us, &ret->root, &ret->timestamp, &floor->epoch,
	            &floor->version, hex, &ret->least_epoch, &ret->least_version, &undeployed, &ret->permille,
	            &len) != 10 ||
	        len == 0)
		return false;
	at += len;
	ret->undeployed = undeployed == 1;
	floor->known = floor->version != 0;
	for (size_t i = 0; i < KEPT; i++)
		if (!scan_kept(&at, kept[i]))
			return false;
	return digest_parse(str(hex), &floor->manifest);
}

Err state_read(const Channel *channel, Saved *ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(STATE_MAX, 0);
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for a state");
	const char *path = state_path(channel, arena);
	Str text;
	if (file_read(path, STATE_MAX, arena, &text))
		return err(ERR_STATE_CORRUPT, "%s cannot be read: restore it, or put a signed floor", path);
	if (!scan_state(text, ret) || !str_eq(format_state(ret, arena), text))
		return err(ERR_STATE_CORRUPT, "%s is damaged: restore it, or put a signed floor", path);
	return OK;
}

static Err state_write(const Channel *channel, const Saved *saved)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(STATE_MAX, 0);
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for a state");
	return file_write_durable(state_path(channel, arena), format_state(saved, arena), 0600);
}

static bool is_there(const Channel *channel)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(STATE_MAX, 0);
	return !arena || access(state_path(channel, arena), F_OK) == 0;
}

Err state_begin(const Channel *channel)
{
	const Saved nothing = {0};
	return is_there(channel) || manifests_any(channel) ? OK : state_write(channel, &nothing);
}

Err state_keep(Channel *channel, const Saved *saved)
{
	TRY(state_write(channel, saved));
	LOCKED(&channel->current->telling);
	channel->saved = *saved;
	return OK;
}

int64_t channel_now(const Channel *channel)
{
	int64_t now_us = clock_now_us(channel->current->options.clock);
	int64_t highest_us = channel->saved.floor.highest_time_us;
	return now_us > highest_us ? now_us : highest_us;
}
