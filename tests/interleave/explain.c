// The search for a serial order: depth first, remembering the states from which it did not go on. A call may
// come next if no call that is not done had ended before it began, and none that came before it on its stream
// is left. While a batch is under way no other call on the session is: only visits without it, which share
// its visitors.
#include "model.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { TRIED_MAX = 1000 * 1000, NOBODY = -1 };

// Compared byte by byte.
typedef struct Place {
	State state;
	uint8_t done[CALLS_MAX]; // steps of each call
	int turn;                // the batch that is under way, or NOBODY
} Place;

// Hashes of places that lead nowhere.
typedef struct Dead {
	uint64_t *hashes;
	size_t count, room; // a power of two
} Dead;

typedef struct Search {
	const Story *story;
	Dead dead;
	size_t tried;
} Search;

static bool dead_find(const Dead *dead, uint64_t hash, size_t *ret)
{
	size_t at = hash & (dead->room - 1);
	while (dead->hashes[at] != 0 && dead->hashes[at] != hash)
		at = (at + 1) & (dead->room - 1);
	*ret = at;
	return dead->hashes[at] == hash;
}

static void dead_grow(Dead *dead)
{
	Dead bigger = {.room = dead->room > 0 ? 2 * dead->room : 64};
	size_t at;
	bigger.hashes = calloc(bigger.room, sizeof *bigger.hashes);
	if (bigger.hashes == NULL)
		abort();
	for (size_t i = 0; i < dead->room; i++)
		if (dead->hashes[i] != 0 && !dead_find(&bigger, dead->hashes[i], &at)) {
			bigger.hashes[at] = dead->hashes[i];
			bigger.count++;
		}
	free(dead->hashes);
	*dead = bigger;
}

static bool is_done(const Call *call, const Place *place, int which)
{
	return place->done[which] == call->count;
}

static int64_t first_end(const Story *story, const Place *place)
{
	int64_t first = INT64_MAX;
	for (int i = 0; i < story->call_count; i++)
		if (!is_done(story->calls[i], place, i) && story->calls[i]->ended_ns < first)
			first = story->calls[i]->ended_ns;
	return first;
}

static bool is_next_on_line(const Story *story, const Place *place, const Call *call)
{
	for (int i = 0; call->line != 0 && i < story->call_count; i++) {
		const Call *other = story->calls[i];
		if (other->line == call->line && other->place < call->place && !is_done(other, place, i))
			return false;
	}
	return true;
}

static bool may_go(const Story *story, const Place *place, int which, int64_t first_end_ns)
{
	const Call *call = story->calls[which];
	if (is_done(call, place, which) || call->begun_ns > first_end_ns)
		return false;
	return call->kind == RECOMMEND || place->turn == which ||
	       (place->turn == NOBODY && is_next_on_line(story, place, call));
}

static bool go(const Story *story, int which, Place *place)
{
	const Call *call = story->calls[which];
	Fit fit = model_step(story, call, place->done[which], &place->state);
	if (fit == FITS_NOT)
		return false;
	place->done[which] = (uint8_t)(fit == FITS_ALL ? call->count : place->done[which] + 1);
	if (call->kind != RECOMMEND)
		place->turn = is_done(call, place, which) ? NOBODY : which;
	return true;
}

static bool is_new(Search *search, const Place *place)
{
	size_t at;
	uint64_t hash = XXH3_64bits(place, sizeof *place) | 1;
	if (2 * search->dead.count >= search->dead.room)
		dead_grow(&search->dead);
	if (dead_find(&search->dead, hash, &at))
		return false;
	search->dead.hashes[at] = hash;
	search->dead.count++;
	return true;
}

static bool search_on(Search *search, const Place *place)
{
	const Story *story = search->story;
	int64_t first_end_ns = first_end(story, place);
	if (first_end_ns == INT64_MAX)
		return true; // all are done
	if (++search->tried > TRIED_MAX || !is_new(search, place))
		return false;
	for (int i = 0; i < story->call_count; i++) {
		Place next;
		if (!may_go(story, place, i, first_end_ns))
			continue;
		memcpy(&next, place, sizeof next);
		if (go(story, i, &next) && search_on(search, &next))
			return true;
	}
	return false;
}

bool story_explained(const Story *story, size_t *ret_tried)
{
	Search search = {.story = story};
	Place place;
	memset(&place, 0, sizeof place);
	place.turn = NOBODY;
	bool explained = search_on(&search, &place);
	free(search.dead.hashes);
	*ret_tried = search.tried;
	return explained;
}
