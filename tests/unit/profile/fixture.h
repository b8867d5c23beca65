// A database, levels, and loads that are followed from their begin to their end. No test judges by how long
// something took: what a database does not answer is held by a lock of the test's, and whatever else must
// happen is waited for.
#pragma once
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "lib/postgres.h"
#include "pg/pg.h"
#include "profile/profile.h"
#include "snapshot/types.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 30000 };

extern TestPostgres postgres;
extern Arena *arena; // of one test

int set_up(void **state);
int tear_down(void **state);
void run_sql(const char *sql);

// --- levels ---

SnapLevel *new_level(const char *table);
void add_key(SnapLevel *level, const char *column, Parley__Snapshot__V1__ValueType type);
void add_attribute(SnapLevel *level, const char *column, Parley__Snapshot__V1__ValueType type);
const ProfileQuery *query_of(const SnapLevel *level);
// A level with an int key "id" and one int attribute "points".
const ProfileQuery *simple_query(const char *table);

// --- loads ---

typedef struct Load {
	ProfileRequest request; // first
	pthread_mutex_t lock;
	pthread_cond_t ended;
	atomic_bool over;
	pthread_t caller;
	bool at_once; // it ended on its caller's thread, so before profile_load returned
	int64_t began_us, returned_us, ended_us;
	ExprValue keys[2];
} Load;

Load *begin_load_until(
        Profile *profile, const ProfileQuery *query, ExprValue key, ExprValue second_key, int64_t until_us);
Load *begin_load(Profile *profile, const ProfileQuery *query, ExprValue key, ExprValue second_key);
const ProfileRequest *end_load(Load *load);
const ProfileRequest *load_one(Profile *profile, const ProfileQuery *query, int64_t id);
void forget(const ProfileRequest *request);
void assert_outcome(Profile *profile, const ProfileQuery *query, int64_t id, ProfileOutcome expected);
// A loader of the database with PATIENCE_MS for a load, unless the options say otherwise.
Profile *new_profile(ProfileOptions options);
