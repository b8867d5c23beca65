// The state file is text, for people, with its own SHA-256 at the end, against damage. It is read by writing
// what was understood and comparing: there is one spelling.
#include "current/internal.h"

#include "base/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { STATE_MAX = 4096 };

#define PLACE_FORMAT "epoch %" PRIu64 "\nversion %" PRIu64 "\nmanifest %s\nblob %s\n"
#define PLACE_SCAN   "epoch %" SCNu64 "\nversion %" SCNu64 "\nmanifest %64[0-9a-f]\nblob %64[0-9a-f]\n"
#define TIMES_FORMAT "highest_time_us %" PRId64 "\nsince_us %" PRId64 "\n"
#define TIMES_SCAN   "highest_time_us %" SCNd64 "\nsince_us %" SCNd64 "\n"

static const char *state_path(const Channel *channel, Arena *arena)
{
	return path_join(arena, str(channel->dir), STR("state"));
}

static Str format_state(const Saved *saved, Arena *arena)
{
	const PlaceState *places[] = {&saved->now, &saved->before};
	char hex[2][2][65];
	for (size_t i = 0; i < 2; i++) {
		digest_hex(&places[i]->manifest, hex[i][0]);
		digest_hex(&places[i]->blob, hex[i][1]);
	}
	char *text = arena_printf(arena, "parley place 1\n" TIMES_FORMAT PLACE_FORMAT "before\n" PLACE_FORMAT,
	        saved->now.highest_time_us, saved->since_us, saved->now.epoch, saved->now.version, hex[0][0],
	        hex[0][1], saved->before.epoch, saved->before.version, hex[1][0], hex[1][1]);
	char sum[65];
	Digest digest = digest_of(str(text));
	digest_hex(&digest, sum);
	return str(arena_printf(arena, "%ssha256 %s\n", text, sum));
}

static bool scan_state(Str text, Saved *ret)
{
	char hex[2][2][65];
	PlaceState *now = &ret->now, *before = &ret->before;
	*ret = (Saved){0};
	if (sscanf(text.ptr, "parley place 1\n" TIMES_SCAN PLACE_SCAN "before\n" PLACE_SCAN,
	            &now->highest_time_us, &ret->since_us, &now->epoch, &now->version, hex[0][0], hex[0][1],
	            &before->epoch, &before->version, hex[1][0], hex[1][1]) != 10)
		return false;
	now->known = now->version != 0;
	before->known = before->version != 0;
	return digest_parse(str(hex[0][0]), &now->manifest) && digest_parse(str(hex[0][1]), &now->blob) &&
	       digest_parse(str(hex[1][0]), &before->manifest) && digest_parse(str(hex[1][1]), &before->blob);
}

Err state_read(const Channel *channel, Saved *ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(STATE_MAX, 0);
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for a state");
	const char *path = state_path(channel, arena);
	Str text;
	if (file_read(path, STATE_MAX, arena, &text))
		return err(ERR_STATE_CORRUPT,
		        "%s cannot be read: restore it, or remove the channel's folder to give up its floor",
		        path);
	if (!scan_state(text, ret) || !str_eq(format_state(ret, arena), text))
		return err(ERR_STATE_CORRUPT,
		        "%s is damaged: restore it, or remove the channel's folder to give up its floor",
		        path);
	return OK;
}

static bool is_there(const Channel *channel, const char *name, Arena *arena)
{
	return access(path_join(arena, str(channel->dir), str(name)), F_OK) == 0;
}

Err state_begin(const Channel *channel)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(STATE_MAX, 0);
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for a state");
	const Saved nothing = {0};
	if (is_there(channel, "state", arena) || is_there(channel, "envelope", arena))
		return OK;
	return state_write(channel, &nothing);
}

Err state_write(const Channel *channel, const Saved *saved)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(STATE_MAX, 0);
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for a state");
	return file_write_durable(state_path(channel, arena), format_state(saved, arena), 0600);
}
