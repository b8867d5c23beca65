// The server's own loader does the asking, some hundred visitors at a time; answers come in any order, lines
// are written in the set's.
#include "plan/gather.h"

#include "base/cleanup.h"
#include "plan/internal.h"
#include "profile/profile.h"
#include "wire/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	BATCH = 512,
	CONNECTIONS = 8,
	TIMEOUT_MS = 30000, // of one profile: nobody waits for a page here
	BLOCK_ARENA = 1 << 20,
	REQUEST_ARENA = 8 * 1024,
	FIRST_SEEN = 1024,
};

// Everybody who has been met: a table of hashes and IDs.
typedef struct Seen {
	struct Seen *next;
	uint64_t hash;
	int level;
	Str id;
} Seen;

typedef struct Gather {
	const GatherOptions *options;
	GatherReport *report;
	Arena *arena;                 // of queries and of everybody met
	const ProfileQuery **queries; // by level
	Profile *profile;
	FILE *file;
	Seen **buckets;
	size_t bucket_count, seen_count;
	ProfileRequest requests[BATCH];
	Arena *arenas[BATCH];
	size_t count;
	pthread_mutex_t lock;
	pthread_cond_t answered;
	size_t open; // under the lock: requests on their way
} Gather;

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for visitors' profiles");
}

// --- who has been met ---

static Err grow(Gather *gather)
{
	size_t count = gather->bucket_count ? 2 * gather->bucket_count : FIRST_SEEN;
	Seen **buckets = calloc(count, sizeof(Seen *));
	if (buckets == NULL)
		return no_memory();
	for (size_t i = 0; i < gather->bucket_count; i++)
		for (Seen *seen = gather->buckets[i], *next; seen != NULL; seen = next) {
			next = seen->next;
			seen->next = buckets[seen->hash & (count - 1)];
			buckets[seen->hash & (count - 1)] = seen;
		}
	free(gather->buckets);
	gather->buckets = buckets;
	gather->bucket_count = count;
	return OK;
}

// *ret is NULL if the visitor was met before.
static Err meet(Gather *gather, const Who *who, Seen **ret)
{
	*ret = NULL;
	if (gather->seen_count == gather->bucket_count)
		TRY(grow(gather));
	Seen **bucket = &gather->buckets[who->hash & (gather->bucket_count - 1)];
	for (const Seen *seen = *bucket; seen != NULL; seen = seen->next)
		if (seen->hash == who->hash && seen->level == who->level && str_eq(seen->id, who->id))
			return OK;
	Seen *seen = ARENA_NEW(gather->arena, Seen);
	if (seen == NULL)
		return no_memory();
	*seen = (Seen){*bucket, who->hash, who->level, arena_str(gather->arena, who->id)};
	*bucket = seen;
	gather->seen_count++;
	*ret = seen;
	return seen->id.ptr != NULL ? OK : no_memory();
}

// --- asking ---

static void answered(ProfileRequest *request)
{
	Gather *gather = request->context;
	pthread_mutex_lock(&gather->lock);
	gather->open--;
	pthread_cond_signal(&gather->answered);
	pthread_mutex_unlock(&gather->lock);
}

static Err prepare(Gather *gather, const Who *who, const Seen *seen)
{
	ProfileRequest *request = &gather->requests[gather->count];
	Arena *arena = gather->arenas[gather->count];
	size_t count = who->key_count;
	arena_reset(arena);
	ExprValue *keys = ARENA_ARRAY(arena, ExprValue, count);
	if (keys == NULL)
		return no_memory();
	for (size_t i = 0; i < count; i++) {
		keys[i] = who->keys[i];
		if (keys[i].kind != EXPR_STRING)
			continue;
		Str copy = arena_str(arena, str_n(keys[i].s, keys[i].len));
		if (copy.ptr == NULL)
			return no_memory();
		keys[i] = expr_string(copy);
	}
	*request = (ProfileRequest){.query = gather->queries[who->level],
	        .level = who->level,
	        .audience_id = seen->id,
	        .keys = keys,
	        .arena = arena,
	        .done = answered,
	        .context = gather};
	gather->count++;
	return OK;
}

static void ask(Gather *gather)
{
	gather->open = gather->count;
	for (size_t i = 0; i < gather->count; i++)
		profile_load(gather->profile, &gather->requests[i]);
	pthread_mutex_lock(&gather->lock);
	while (gather->open > 0)
		pthread_cond_wait(&gather->answered, &gather->lock);
	pthread_mutex_unlock(&gather->lock);
}

// --- writing ---

static json_t *value_json(ExprValue value)
{
	char time[TIME_TEXT_SIZE];
	json_t *list;
	switch ((int)value.kind) {
	case EXPR_BOOL:
		return json_boolean(value.b);
	case EXPR_INT:
		return json_integer(value.i);
	case EXPR_DOUBLE:
		return isfinite(value.d) ? json_real(value.d) : NULL;
	case EXPR_STRING:
		return json_stringn(value.s, value.len);
	case EXPR_TIMESTAMP:
		time_format(value.seconds * US_PER_S + value.nanos / 1000, time);
		return json_string(time);
	case EXPR_LIST:
		list = json_array();
		for (size_t i = 0; i < value.len; i++)
			json_array_append_new(list, value_json(value.items[i]));
		return list;
	default:
		return NULL;
	}
}

static Err write_profile(Gather *gather, const ProfileRequest *request)
{
	const Parley__Snapshot__V1__AudienceLevel *level =
	        rehearsal_snapshot(gather->options->content)->audience_levels[request->level];
	CLEANUP(json_decrefp_) json_t *attributes = json_object();
	bool refused = request->refused.len > 0;
	for (size_t i = 0; i < level->n_attributes; i++) {
		json_t *value =
		        (request->given[i / 64] >> i % 64 & 1) != 0 ? value_json(request->values[i]) : NULL;
		if (value != NULL)
			json_object_set_new(attributes, level->attributes[i]->name, value);
		else if ((request->given[i / 64] >> i % 64 & 1) != 0)
			refused = true;
	}
	gather->report->loaded++;
	gather->report->refused += refused;
	CLEANUP(json_decrefp_)
	json_t *line = json_pack("{s:s, s:s%, s:O}", "level", level->name, "id", request->audience_id.ptr,
	        request->audience_id.len, "attributes", attributes);
	if (line == NULL)
		return no_memory();
	return json_dumpf(line, gather->file, JSON_COMPACT) == 0 && putc('\n', gather->file) == '\n'
	               ? OK
	               : err_errno(ERR_IO, "cannot write %s", gather->options->path);
}

static Err take_answer(Gather *gather, const ProfileRequest *request)
{
	switch (request->outcome) {
	case PROFILE_LOADED:
		return write_profile(gather, request);
	case PROFILE_NOT_FOUND:
		gather->report->not_found++;
		return OK;
	case PROFILE_AMBIGUOUS:
		gather->report->ambiguous++;
		return OK;
	default:
		return err(ERR_DB_UNAVAILABLE, "the profile of " STR_FMT " cannot be had: " STR_FMT,
		        STR_ARG(request->audience_id), STR_ARG(request->problem));
	}
}

static Err finish_batch(Gather *gather)
{
	ask(gather);
	for (size_t i = 0; i < gather->count; i++)
		TRY(take_answer(gather, &gather->requests[i]));
	gather->count = 0;
	return OK;
}

// --- the set ---

static Err take_event(Gather *gather, Str packed, Arena *arena)
{
	__attribute__((uninitialized)) EventGlance glance; // event_glance sets what there is
	const Event *event = NULL;
	Who who;
	Seen *seen;
	TRY(event_glance(packed, NULL, &glance));
	Err e = who_of(gather->options->content, &glance, arena, &who);
	TRY(event_read(
	        (char *)(uintptr_t)packed.ptr, packed.len, NULL, arena, &event)); // nothing damaged passes
	if (e == ERR_NO_MEMORY)
		return e;
	gather->report->nobody += e != OK;
	if (e != OK || gather->queries[who.level] == NULL)
		return OK;
	TRY(meet(gather, &who, &seen));
	if (seen == NULL)
		return OK;
	gather->report->visitors++;
	TRY(prepare(gather, &who, seen));
	return gather->count == BATCH ? finish_batch(gather) : OK;
}

static Err take_set(Gather *gather)
{
	const GatherOptions *options = gather->options;
	CLEANUP(arena_freep) Arena *arena = arena_new(BLOCK_ARENA, 0);
	if (arena == NULL)
		return no_memory();
	for (uint64_t block = 0; block < event_set_info(options->set)->blocks; block++) {
		Str *packed;
		size_t count;
		uint64_t first;
		arena_reset(arena);
		TRY(event_set_packed(options->set, block, arena, &packed, &count, &first));
		for (size_t i = 0; i < count; i++)
			TRY(take_event(gather, packed[i], arena));
		if (options->progress != NULL)
			options->progress(options->context, first + count, gather->report->visitors);
	}
	return finish_batch(gather);
}

// --- life ---

static Err begin(Gather *gather)
{
	const Parley__Snapshot__V1__Snapshot *snapshot = rehearsal_snapshot(gather->options->content);
	pthread_mutex_init(&gather->lock, NULL);
	pthread_cond_init(&gather->answered, NULL);
	gather->arena = arena_new(BLOCK_ARENA, 0);
	gather->queries = gather->arena != NULL ? ARENA_ARRAY(gather->arena, const ProfileQuery *,
	                                                  snapshot->n_audience_levels + 1)
	                                        : NULL;
	if (gather->queries == NULL)
		return no_memory();
	for (size_t i = 0; i < snapshot->n_audience_levels; i++)
		TRY(profile_query_new(snapshot->audience_levels[i], gather->arena, &gather->queries[i]));
	for (size_t i = 0; i < BATCH; i++)
		if ((gather->arenas[i] = arena_new(REQUEST_ARENA, 0)) == NULL)
			return no_memory();
	gather->file = fopen(gather->options->path, "we");
	if (gather->file == NULL)
		return err_errno(ERR_IO, "cannot write %s", gather->options->path);
	return profile_new(&(ProfileOptions){.conninfo = gather->options->conninfo,
	                           .timeout_ms = TIMEOUT_MS,
	                           .connections = CONNECTIONS},
	        &gather->profile);
}

static void end(Gather *gather)
{
	profile_free(gather->profile);
	if (gather->file != NULL)
		fclose(gather->file);
	for (size_t i = 0; i < BATCH; i++)
		arena_free(gather->arenas[i]);
	free(gather->buckets);
	arena_free(gather->arena);
	pthread_mutex_destroy(&gather->lock);
	pthread_cond_destroy(&gather->answered);
	free(gather);
}

Err profiles_gather(const GatherOptions *options, GatherReport *ret)
{
	Gather *gather = calloc(1, sizeof *gather);
	if (gather == NULL)
		return no_memory();
	*ret = (GatherReport){0};
	gather->options = options;
	gather->report = ret;
	Err e = begin(gather);
	if (e == OK)
		e = take_set(gather);
	if (e == OK && (fflush(gather->file) != 0 || fdatasync(fileno(gather->file)) != 0))
		e = err_errno(ERR_IO, "cannot write %s", options->path);
	ErrDetail why = *err_detail();
	end(gather);
	return e == OK ? OK : err_restore(&why);
}
