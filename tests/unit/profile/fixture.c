#include "fixture.h"

TestPostgres postgres;
Arena *arena;

int set_up(void **state)
{
	(void)state;
	arena = arena_new(64 * 1024, 0);
	return 0;
}

int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

void run_sql(const char *sql)
{
	CLEANUP(pg_closep) Pg *pg = NULL;
	assert_int_equal(pg_connect(postgres.conninfo, PATIENCE_MS, &pg), OK);
	assert_int_equal(pg_script(pg, PATIENCE_MS, sql), OK);
}

// --- levels ---

SnapLevel *new_level(const char *table)
{
	SnapLevel *level = ARENA_NEW(arena, SnapLevel);
	*level = (SnapLevel)PARLEY__SNAPSHOT__V1__AUDIENCE_LEVEL__INIT;
	level->name = (char *)"customer";
	level->profile_table = (char *)table;
	level->keys = ARENA_ARRAY(arena, SnapKey *, 4);
	level->attributes = ARENA_ARRAY(arena, SnapAttribute *, 32);
	return level;
}

void add_key(SnapLevel *level, const char *column, Parley__Snapshot__V1__ValueType type)
{
	SnapKey *key = level->keys[level->n_keys++] = ARENA_NEW(arena, SnapKey);
	*key = (SnapKey)PARLEY__SNAPSHOT__V1__AUDIENCE_KEY__INIT;
	key->name = key->column = (char *)column;
	key->type = type;
}

void add_attribute(SnapLevel *level, const char *column, Parley__Snapshot__V1__ValueType type)
{
	SnapAttribute *attribute = level->attributes[level->n_attributes++] = ARENA_NEW(arena, SnapAttribute);
	*attribute = (SnapAttribute)PARLEY__SNAPSHOT__V1__ATTRIBUTE__INIT;
	attribute->name = attribute->column = (char *)column;
	attribute->type = type;
}

const ProfileQuery *query_of(const SnapLevel *level)
{
	const ProfileQuery *query = NULL;
	assert_int_equal(profile_query_new(level, arena, &query), OK);
	return query;
}

const ProfileQuery *simple_query(const char *table)
{
	SnapLevel *level = new_level(table);
	add_key(level, "id", SNAP_TYPE(INT));
	add_attribute(level, "points", SNAP_TYPE(INT));
	return query_of(level);
}

// --- loads ---

static void load_ended(ProfileRequest *request)
{
	Load *load = (Load *)request;
	pthread_mutex_lock(&load->lock);
	load->ended_us = monotonic_us();
	load->at_once = pthread_equal(pthread_self(), load->caller);
	load->over = true;
	pthread_cond_signal(&load->ended);
	pthread_mutex_unlock(&load->lock);
}

Load *begin_load_until(
        Profile *profile, const ProfileQuery *query, ExprValue key, ExprValue second_key, int64_t until_us)
{
	Load *load = ARENA_NEW(arena, Load);
	*load = (Load){.lock = PTHREAD_MUTEX_INITIALIZER,
	        .ended = PTHREAD_COND_INITIALIZER,
	        .caller = pthread_self(),
	        .keys = {key, second_key}};
	load->request = (ProfileRequest){
	        .query = query,
	        .keys = load->keys,
	        .arena = arena_new(4096, 1024 * 1024),
	        .until_us = until_us,
	        .done = load_ended,
	};
	load->began_us = monotonic_us();
	profile_load(profile, &load->request);
	load->returned_us = monotonic_us();
	return load;
}

Load *begin_load(Profile *profile, const ProfileQuery *query, ExprValue key, ExprValue second_key)
{
	return begin_load_until(profile, query, key, second_key, 0);
}

const ProfileRequest *end_load(Load *load)
{
	pthread_mutex_lock(&load->lock);
	while (!load->over)
		pthread_cond_wait(&load->ended, &load->lock);
	pthread_mutex_unlock(&load->lock);
	return &load->request;
}

const ProfileRequest *load_one(Profile *profile, const ProfileQuery *query, int64_t id)
{
	return end_load(begin_load(profile, query, expr_int(id), expr_null()));
}

void forget(const ProfileRequest *request)
{
	arena_free(request->arena);
}

Profile *new_profile(ProfileOptions options)
{
	Profile *profile = NULL;
	if (options.conninfo == NULL)
		options.conninfo = postgres.conninfo;
	if (options.timeout_ms == 0)
		options.timeout_ms = PATIENCE_MS;
	options.retry_ms = 20;
	assert_int_equal(profile_new(&options, &profile), OK);
	return profile;
}

void assert_outcome(Profile *profile, const ProfileQuery *query, int64_t id, ProfileOutcome expected)
{
	const ProfileRequest *request = load_one(profile, query, id);
	assert_int_equal(request->outcome, expected);
	forget(request);
}
