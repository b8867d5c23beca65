// A visitor is as the plan took him to be if the history has nothing of him that visitor state knows of and
// that the plan's own beginning lacked. That refuses more than need be (what a visitor did since may have
// changed no decision), and needs neither the runtime servers nor the plan made again.
#include "execution/world.h"

#include "base/clock.h"
#include "history/list.h"
#include "wire/json.h"

#include <stdlib.h>
#include <xxhash.h>

typedef Parley__Journal__V1__Entry Entry;

enum { ASKED_AT_ONCE = 500, SEEN_LEAST = 1 << 12, ARENA_BLOCK = 64 * 1024 };

typedef enum Kind { MOVED_SNAPSHOT, MOVED_SEED, MOVED_VISITOR, MOVED_EVENT, MOVED_KINDS } Kind;

static const char *const kind_names[MOVED_KINDS] = {"snapshot", "seed", "visitor", "event"};

struct World {
	Executions *executions;
	const PlanRow *plan;
	Arena *arena; // of what is to be asked about
	Str levels[ASKED_AT_ONCE], ids[ASKED_AT_ONCE], events[ASKED_AT_ONCE];
	size_t visitor_count, event_count;
	uint64_t *seen; // hashes of visitors that were asked about; 0: a free place
	size_t seen_count, seen_room;
	Arena *kept;
	Str *others; // plans that this one's beginning may lack
	size_t other_count;
	bool others_known;
	json_t *moved;
	size_t counts[MOVED_KINDS];
};

Err world_new(Executions *executions, const PlanRow *plan, World **ret)
{
	World *world = calloc(1, sizeof *world);
	if (world == NULL)
		return execution_no_memory();
	world->executions = executions;
	world->plan = plan;
	world->arena = arena_new(ARENA_BLOCK, 0);
	world->kept = arena_new(ARENA_BLOCK, 0);
	world->seen = calloc(SEEN_LEAST, sizeof *world->seen);
	world->seen_room = SEEN_LEAST;
	world->moved = json_array();
	if (world->arena && world->kept && world->seen && world->moved) {
		*ret = world;
		return OK;
	}
	world_free(world);
	return execution_no_memory();
}

void world_free(World *world)
{
	if (world == NULL)
		return;
	json_decref(world->moved);
	free(world->seen);
	arena_free(world->kept);
	arena_free(world->arena);
	free(world);
}

static Err moved(World *world, Kind kind, Str subject, const char *detail)
{
	if (world->counts[kind]++ >= MOVED_MAX)
		return OK;
	json_t *item = json_pack("{s:s, s:s%, s:s}", "what", kind_names[kind], "subject", subject.ptr,
	        subject.len, "detail", detail ? detail : "");
	return item && json_array_append_new(world->moved, item) == 0 ? OK : execution_no_memory();
}

bool world_stands(const World *world)
{
	return json_array_size(world->moved) == 0;
}

// --- the snapshot ---

Err world_snapshot(World *world, Pg *pg, int64_t *ret_version)
{
	CLEANUP(pg_result_freep) PgResult *row = NULL;
	const PlanRow *plan = world->plan;
	TRY(SQL_RUN(pg, &row, plan_snapshot, P_TEXT(plan->environment), P_TEXT(plan->channel)));
	if (pg_rows(row) == 0 || pg_bool(row, 0, 2))
		return moved(
		        world, MOVED_SNAPSHOT, plan->channel, "the environment does not run the channel");
	*ret_version = pg_i64(row, 0, 0);
	Str digest = pg_bytes(row, 0, 1, world->kept);
	if (!str_eq(digest, digest_bytes(&plan->snapshot)))
		return moved(world, MOVED_SNAPSHOT, plan->channel,
		        arena_printf(world->kept,
		                "version %lld runs, which is another snapshot than the plan's",
		                (long long)*ret_version));
	if (!pg_bool(row, 0, 3))
		return moved(world, MOVED_SNAPSHOT, plan->channel,
		        arena_printf(world->kept, "version %lld is not running on every server yet",
		                (long long)*ret_version));
	return OK;
}

Err world_seed(World *world, Pg *pg)
{
	CLEANUP(pg_result_freep) PgResult *used = NULL;
	TRY(SQL_RUN(pg, &used, plan_seed_used, P_I64(world->plan->id)));
	return pg_rows(used) == 0 ? OK
	                          : moved(world, MOVED_SEED, pg_text(used, 0, 0),
	                                    "was made with the same seed, so treatment codes are in the "
	                                    "history already");
}

// --- visitors ---

static bool put(uint64_t *places, size_t room, uint64_t hash)
{
	size_t at = (size_t)hash & (room - 1);
	while (places[at] != 0 && places[at] != hash)
		at = (at + 1) & (room - 1);
	bool fresh = places[at] == 0;
	places[at] = hash;
	return fresh;
}

static Err grow(World *world)
{
	size_t room = world->seen_room * 2;
	uint64_t *places = calloc(room, sizeof *places);
	if (places == NULL)
		return execution_no_memory();
	for (size_t i = 0; i < world->seen_room; i++)
		if (world->seen[i] != 0)
			put(places, room, world->seen[i]);
	free(world->seen);
	world->seen = places;
	world->seen_room = room;
	return OK;
}

// Two visitors of one hash, of 64 bits, would be asked about once: with a million of them once in forty
// million plans.
static Err is_new(World *world, Str level, Str id, bool *ret)
{
	uint64_t hash = XXH3_64bits_withSeed(id.ptr, id.len, XXH3_64bits(level.ptr, level.len));
	if (2 * world->seen_count >= world->seen_room)
		TRY(grow(world));
	*ret = put(world->seen, world->seen_room, hash ? hash : 1);
	world->seen_count += *ret;
	return OK;
}

static Err read_others(World *world, Pg *pg)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	const PlanRow *plan = world->plan;
	if (world->others_known || plan->begins_us == 0)
		return OK;
	TRY(SQL_RUN(pg, &rows, plan_executed_since, P_TEXT(plan->environment), P_TEXT(plan->channel),
	        P_TIME(plan->begins_us)));
	world->others = ARENA_ARRAY(world->kept, Str, pg_rows(rows) + 1);
	if (world->others == NULL)
		return execution_no_memory();
	for (size_t i = 0; i < pg_rows(rows); i++)
		world->others[world->other_count++] = arena_str(world->kept, pg_text(rows, i, 0));
	world->others_known = true;
	return OK;
}

// In words, what plan_moved names.
static const char *what_words(Str what)
{
	static const char *const words[][2] = {{"contact", "a contact"}, {"accept", "an accept"},
	        {"reject", "a reject"}, {"event", "an event with effects"},
	        {"brought", "what happened elsewhere, told"}, {"response", "a response without a session"}};
	for (size_t i = 0; i < ARRAY_COUNT(words); i++)
		if (str_eq(what, str(words[i][0])))
			return words[i][1];
	return "something";
}

static Err tell_visitor(World *world, const PgResult *rows, size_t row)
{
	char time[TIME_TEXT_SIZE];
	time_format(pg_time(rows, row, 3), time);
	const char *subject = arena_printf(world->arena, STR_FMT " " STR_FMT, STR_ARG(pg_text(rows, row, 0)),
	        STR_ARG(pg_text(rows, row, 1)));
	return moved(world, MOVED_VISITOR, str(subject),
	        arena_printf(world->arena, "%s at %s, by " STR_FMT, what_words(pg_text(rows, row, 2)), time,
	                STR_ARG(pg_text(rows, row, 4))));
}

static Err ask_visitors(World *world, Pg *pg)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	const PlanRow *plan = world->plan;
	if (world->visitor_count == 0)
		return OK;
	TRY(read_others(world, pg));
	TRY(SQL_RUN(pg, &rows, plan_moved, P_TEXT(plan->environment), P_TEXT(plan->channel),
	        P_TEXTS(world->levels, world->visitor_count), P_TEXTS(world->ids, world->visitor_count),
	        P_TIME(plan->begins_us ? plan->begins_us : HISTORY_LEAST_US),
	        P_TEXTS(world->others, world->other_count)));
	for (size_t i = 0; i < pg_rows(rows); i++)
		TRY(tell_visitor(world, rows, i));
	world->visitor_count = 0;
	return OK;
}

static Err add_visitor(World *world, const char *level, const char *id)
{
	bool fresh = false;
	if (!*id)
		return OK;
	TRY(is_new(world, str(level), str(id), &fresh));
	if (!fresh)
		return OK;
	world->levels[world->visitor_count] = arena_str(world->arena, str(level));
	world->ids[world->visitor_count] = arena_str(world->arena, str(id));
	return world->levels[world->visitor_count].ptr && world->ids[world->visitor_count++].ptr
	               ? OK
	               : execution_no_memory();
}

// --- events ---

static Err look_up_events(Pg *pg, void *context)
{
	World *world = context;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	TRY(SQL_RUN(pg, &rows, plan_known_events, P_TEXT(world->plan->environment),
	        P_TEXTS(world->events, world->event_count)));
	for (size_t i = 0; i < pg_rows(rows); i++)
		TRY(moved(world, MOVED_EVENT, pg_text(rows, i, 0), "the history has it already"));
	return OK;
}

// Only the role that takes journals in knows them.
static Err ask_events(World *world)
{
	if (world->event_count > 0)
		TRY(store_run(world->executions->services->ingest, look_up_events, world));
	world->event_count = 0;
	return OK;
}

static Err add_event(World *world, const char *id)
{
	if (!*id || event_id_is_own(str(id)))
		return OK;
	world->events[world->event_count] = arena_str(world->arena, str(id));
	return world->events[world->event_count++].ptr ? OK : execution_no_memory();
}

// --- all of it ---

static Err ask(World *world, Pg *pg)
{
	TRY(ask_visitors(world, pg));
	TRY(ask_events(world));
	arena_reset(world->arena);
	return OK;
}

Err world_entry(World *world, Pg *pg, const Entry *entry)
{
	TRY(add_visitor(world, entry->context->audience_level, entry->context->audience_id));
	if (entry->what_case == PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED) {
		TRY(add_event(world, entry->event_posted->event_id));
		TRY(add_visitor(world, entry->event_posted->treatment_audience_level,
		        entry->event_posted->treatment_audience_id));
	}
	bool full = world->visitor_count + 2 > ASKED_AT_ONCE || world->event_count == ASKED_AT_ONCE;
	return full ? ask(world, pg) : OK;
}

Err world_end(World *world, Pg *pg)
{
	return ask(world, pg);
}

Err world_told(const World *world, Arena *arena, Str *ret_moved, Str *ret_words)
{
	char since[TIME_TEXT_SIZE];
	const char *words = "";
	TRY(json_text(world->moved, false, arena, ret_moved));
	time_format(world->plan->begins_us, since);
	if (world->counts[MOVED_SNAPSHOT] > 0)
		words = "the environment does not run the plan's snapshot";
	if (world->counts[MOVED_SEED] > 0)
		words = "a plan of the same seed was executed: give another (parley plan run --seed)";
	if (world->counts[MOVED_VISITOR] > 0)
		words = arena_printf(arena, "%s%s%zu of its visitors are not as it took them to be %s%s",
		        words, *words ? "; " : "", world->counts[MOVED_VISITOR],
		        world->plan->begins_us ? "at " : "(nothing known of them)",
		        world->plan->begins_us ? since : "");
	if (words && world->counts[MOVED_EVENT] > 0)
		words = arena_printf(arena, "%s%s%zu of its events have happened already", words,
		        *words ? "; " : "", world->counts[MOVED_EVENT]);
	*ret_words = str(words);
	return words ? OK : execution_no_memory();
}
