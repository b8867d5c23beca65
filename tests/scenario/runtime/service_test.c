// The runtime's services in this process, with clocks that the test sets: what touchpoints may rely on.
#include "server.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// --- a disk that can be full ---

static atomic_bool disk_is_full;

static ssize_t write_or_not(void *context, int fd, const void *bytes, size_t len, int64_t offset)
{
	if (atomic_load(&disk_is_full)) {
		usleep(50000); // so that others come while it fails
		errno = ENOSPC;
		return -1;
	}
	return journal_io_system()->pwrite(context, fd, bytes, len, offset);
}

static const JournalIo *test_disk(void)
{
	static JournalIo io; // outlives the journal
	io = *journal_io_system();
	io.pwrite = write_or_not;
	return &io;
}

static int set_up(void **state)
{
	(void)state;
	server_start(test_disk(), 0);
	return 0;
}

// --- a visit ---

static void a_visit_from_start_to_acceptance(void **state)
{
	(void)state;
	Client *c = &server.client;
	PostEventResponse *posted = NULL;
	StartSessionResponse *started = must_start(c, "s1", 42, string_value(c, "tier", "gold"));
	assert_int_equal(started->snapshot->version, 1);
	assert_int_equal(strlen(started->snapshot->digest), 64);
	assert_false(started->resumed);
	assert_int_equal(started->n_segments, 2);
	assert_string_equal(started->segments[0], "adults");
	assert_string_equal(started->segments[1], "gold");
	assert_true(ADVISED(started, "PROFILE_UNAVAILABLE"));

	PointOffers *point = must_offer(c, "s1", "home-banner", 2);
	assert_string_equal(point->interaction_point, "home-banner");
	assert_string_equal(point->default_content, "welcome");
	assert_int_equal(point->n_offers, 2);
	assert_string_equal(point->offers[0]->offer_code, "TRAVEL");
	assert_true(point->offers[0]->score == 90);
	assert_string_equal(point->offers[0]->attributes[0]->name, "headline");
	assert_string_equal(point->offers[0]->attributes[0]->value->string_value, "TRAVEL");
	assert_string_equal(point->offers[1]->offer_code, "CARD");
	const char *code = point->offers[0]->treatment_code;
	assert_int_equal(post_event(c, new_event(c, "s1", "e1", "shown", code), &posted), OK);
	assert_false(posted->duplicate);
	assert_int_equal(posted->snapshot->version, 1);
	assert_int_equal(post_event(c, new_event(c, "s1", "e2", "accepted", code), NULL), OK);
	assert_int_equal(end_session(c, "s1"), OK);
	assert_int_equal(end_session(c, "s1"), ERR_SESSION_UNKNOWN);

	Entry **entries;
	assert_int_equal(server_entries(&entries), 5);
	assert_string_equal(entries[0]->session_started->profile, "unavailable");
	assert_string_equal(entries[0]->session_started->keys[0]->value, "42");
	assert_string_equal(entries[0]->context->audience_id, "42");
	assert_string_equal(entries[1]->recommendation->zone, "home");
	assert_int_equal(entries[1]->recommendation->n_offers, 2);
	assert_string_equal(entries[1]->recommendation->offers[0]->treatment_code, code);
	const Parley__Journal__V1__EventPosted *event = entries[3]->event_posted;
	assert_string_equal(event->event_id, "e2");
	assert_string_equal(event->treatment_code, code);
	assert_string_equal(event->offer_code, "TRAVEL");
	assert_string_equal(event->treatment_rule, "gold-travel");
	assert_string_equal(event->segment, "gold");
	assert_string_equal(event->interaction_point, "home-banner");
	assert_string_equal(event->zone, "home");
	assert_int_equal(event->n_meanings, 1);
	assert_int_equal(event->meanings[0], PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_ACCEPT);
	assert_string_equal(entries[4]->session_ended->cause, "ended");
}

static void an_unknown_point_is_its_own_affair(void **state)
{
	(void)state;
	Client *c = &server.client;
	GetOffersResponse *answer = NULL;
	must_start(c, "s1", 1, NULL);
	GetOffersRequest *request = new_offers(c, "s1", "nowhere", 1);
	request->n_points = 2;
	request->points[1]->interaction_point = (char *)"call-script";
	assert_int_equal(get_offers(c, request, &answer), OK);
	assert_int_equal(answer->n_points, 2);
	assert_true(ADVISED(answer->points[0], "POINT_UNKNOWN"));
	assert_int_equal(answer->points[0]->n_offers, 0);
	assert_int_equal(answer->points[1]->n_advisories, 0);
	assert_string_equal(answer->points[1]->offers[0]->offer_code, "SAVINGS");
}

static void explaining_tells_every_candidate(void **state)
{
	(void)state;
	Client *c = &server.client;
	GetOffersResponse *answer = NULL;
	must_start(c, "s1", 1, double_value(c, "balance", 7000));
	GetOffersRequest *request = new_offers(c, "s1", "home-side", 1);
	request->explain = true;
	assert_int_equal(get_offers(c, request, &answer), OK);
	bool seen = false;
	for (size_t i = 0; i < answer->points[0]->n_candidates; i++) {
		const Candidate *candidate = answer->points[0]->candidates[i];
		if (strcmp(candidate->treatment_rule, "adults-loan") != 0)
			continue;
		seen = true;
		assert_string_equal(candidate->reason, "NOT_ELIGIBLE");
		assert_string_equal(candidate->predicate, "balance < 5000");
		assert_string_equal(candidate->segment, "adults");
		assert_string_equal(candidate->offer_code, "LOAN");
	}
	assert_true(seen);
}

static void treatment_codes_are_all_different(void **state)
{
	enum { CALLS = 50 };
	(void)state;
	Client *c = &server.client;
	const char *codes[2 * CALLS];
	must_start(c, "s1", 1, NULL);
	for (int i = 0; i < CALLS; i++) {
		PointOffers *point = must_offer(c, "s1", "home-banner", 2);
		codes[2 * i] = point->offers[0]->treatment_code;
		codes[2 * i + 1] = point->offers[1]->treatment_code;
	}
	for (int i = 0; i < 2 * CALLS; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(codes[i], codes[j]);
}

static void parameters_of_an_event_move_the_visitor(void **state)
{
	(void)state;
	Client *c = &server.client;
	must_start(c, "s1", 1, NULL);
	const char *code = must_offer(c, "s1", "home-banner", 1)->offers[0]->treatment_code;
	PostEventRequest *event = new_event(c, "s1", "e1", "shown", code);
	event->parameters[event->n_parameters++] = string_value(c, "tier", "gold");
	assert_int_equal(post_event(c, event, NULL), OK);
	assert_string_equal(must_offer(c, "s1", "home-banner", 1)->offers[0]->offer_code, "TRAVEL");
}

// --- who has a session ---

static void a_session_is_resumed_by_its_visitor_only(void **state)
{
	(void)state;
	Client *c = &server.client;
	must_start(c, "s1", 1, NULL);
	StartSessionResponse *again = must_start(c, "s1", 1, string_value(c, "tier", "gold"));
	assert_true(again->resumed);
	assert_true(listed(again->segments, again->n_segments, "gold"));
	assert_false(ADVISED(again, "PROFILE_UNAVAILABLE"));
	assert_int_equal(start_session(c, new_start(c, "s1", 2), NULL), ERR_SESSION_CONFLICT);
	assert_true(must_start(c, "s1", 1, NULL)->resumed);
	assert_int_equal(end_session(c, "s1"), OK);
	assert_false(must_start(c, "s1", 2, NULL)->resumed);
}

static void idle_sessions_expire_by_the_steady_clock(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries;
	must_start(c, "idle", 1, NULL);
	must_start(c, "used", 2, NULL);
	server_pass_seconds(1700);
	must_offer(c, "used", "home-banner", 1);
	server_pass_seconds(102);
	assert_int_equal(get_offers(c, new_offers(c, "idle", "home-banner", 1), NULL), ERR_SESSION_UNKNOWN);
	must_offer(c, "used", "home-banner", 1);
	size_t count = server_entries(&entries);
	assert_int_equal(count_entries(entries, count, PARLEY__JOURNAL__V1__ENTRY__WHAT_SESSION_ENDED), 1);
	for (size_t i = 0; i < count; i++)
		if (entries[i]->what_case == PARLEY__JOURNAL__V1__ENTRY__WHAT_SESSION_ENDED) {
			assert_string_equal(entries[i]->session_ended->cause, "expired");
			assert_string_equal(entries[i]->context->session_id, "idle");
		}
}

static void too_many_sessions_are_refused_with_a_retry_time(void **state)
{
	(void)state;
	server_start(test_disk(), 3);
	Client *c = &server.client;
	for (int i = 0; i < 3; i++)
		must_start(c, (char[]){(char)('a' + i), '\0'}, i, NULL);
	assert_int_equal(start_session(c, new_start(c, "d", 4), NULL), ERR_LIMIT);
	assert_true(err_detail()->retry_after_ms > 0);
	assert_int_equal(end_session(c, "a"), OK);
	must_start(c, "d", 4, NULL);
}

// --- events count once ---

static void an_event_sent_again_changes_nothing(void **state)
{
	(void)state;
	Client *c = &server.client;
	PostEventResponse *answer = NULL;
	Entry **entries;
	must_start(c, "s1", 1, NULL);
	const char *code = must_offer(c, "s1", "home-banner", 1)->offers[0]->treatment_code;
	for (int i = 0; i < 3; i++) {
		PostEventRequest *event = new_event(c, "s1", "e1", "shown", code);
		assert_int_equal(post_event(c, event, &answer), OK);
		assert_int_equal(answer->duplicate, i > 0);
	}
	size_t count = server_entries(&entries);
	assert_int_equal(count_entries(entries, count, PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED), 1);
}

typedef struct Storm {
	Client client;
	const char *session, *code;
	atomic_int *fresh;
} Storm;

static void *post_storm(void *context)
{
	Storm *storm = context;
	char id[16];
	for (int i = 0; i < 50; i++) {
		PostEventResponse *answer = NULL;
		snprintf(id, sizeof id, "e%d", i);
		if (post_event(&storm->client,
		            new_event(&storm->client, storm->session, id, "shown", storm->code),
		            &answer) == OK &&
		        !answer->duplicate)
			atomic_fetch_add(storm->fresh, 1);
	}
	return NULL;
}

static void events_that_race_with_themselves_count_once(void **state)
{
	enum { THREADS = 6 };
	(void)state;
	Client *c = &server.client;
	Storm storms[THREADS];
	pthread_t threads[THREADS];
	atomic_int fresh = 0;
	Entry **entries;
	must_start(c, "s1", 1, NULL);
	const char *code = must_offer(c, "s1", "home-banner", 1)->offers[0]->treatment_code;
	for (int i = 0; i < THREADS; i++) {
		storms[i] = (Storm){client_new(server.port, NULL, NULL), "s1", code, &fresh};
		assert_int_equal(pthread_create(&threads[i], NULL, post_storm, &storms[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		client_free(&storms[i].client);
	}
	assert_int_equal(fresh, 50);
	size_t count = server_entries(&entries);
	assert_int_equal(count_entries(entries, count, PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED), 50);
}

static void a_full_journal_refuses_events_and_offers_go_on(void **state)
{
	(void)state;
	Client *c = &server.client;
	char id[16];
	Err e = OK;
	must_start(c, "s1", 1, NULL);
	const char *code = must_offer(c, "s1", "home-banner", 1)->offers[0]->treatment_code;
	for (int i = 0; i < 4000 && e == OK; i++) {
		snprintf(id, sizeof id, "e%d", i);
		e = post_event(c, new_event(c, "s1", id, "shown", code), NULL);
	}
	assert_int_equal(e, ERR_JOURNAL_FULL);
	assert_true(err_detail()->retry_after_ms > 0);
	GetOffersResponse *answer = NULL;
	uint64_t before = journal_appended(server.journal);
	size_t recorded = 0, crowded = 0;
	for (int i = 0; i < 4000 && (answer == NULL || !ADVISED(answer, "HISTORY_PAUSED")); i++) {
		assert_int_equal(get_offers(c, new_offers(c, "s1", "home-banner", 2), &answer), OK);
		assert_int_equal(answer->points[0]->n_offers, 2);
		assert_true(crowded == 0 || ADVISED(answer, "EVENTS_PAUSED"));
		crowded += ADVISED(answer, "EVENTS_PAUSED");
		recorded += !ADVISED(answer, "HISTORY_PAUSED");
	}
	assert_true(ADVISED(answer, "HISTORY_PAUSED"));
	assert_true(crowded > 2); // receipts with hundreds of contacts fill the rest soon
	assert_int_equal(journal_appended(server.journal) - before, recorded);
}

static void an_event_that_could_not_be_written_is_not_taken_for_done(void **state)
{
	(void)state;
	Client *c = &server.client;
	PostEventResponse *answer = NULL;
	Entry **entries;
	must_start(c, "s1", 1, NULL);
	const char *code = must_offer(c, "s1", "home-banner", 1)->offers[0]->treatment_code;
	PostEventRequest *event = new_event(c, "s1", "e1", "shown", code);
	event->sequence = 1;
	atomic_store(&disk_is_full, true);
	must_offer(c, "s1", "home-banner", 1); // its record is being written, and fails, when the event comes
	usleep(10000);
	assert_int_equal(post_event(c, event, NULL), ERR_JOURNAL_FULL);
	assert_int_equal(post_event(c, event, NULL), ERR_JOURNAL_FULL);
	atomic_store(&disk_is_full, false);
	Err e = ERR_JOURNAL_FULL;
	for (int i = 0; i < 1000 && e == ERR_JOURNAL_FULL; i++, usleep(10000))
		e = post_event(c, event, &answer);
	assert_int_equal(e, OK);
	assert_false(answer->duplicate);
	assert_int_equal(post_event(c, event, &answer), OK);
	assert_true(answer->duplicate);
	size_t count = server_entries(&entries);
	assert_true(count_entries(entries, count, PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED) >= 1);
}

static void a_batch_tells_which_event_could_not_be_written(void **state)
{
	(void)state;
	Client *c = &server.client;
	ExecuteBatchResponse *answer = NULL;
	must_start(c, "s1", 1, NULL);
	const char *code = must_offer(c, "s1", "home-banner", 1)->offers[0]->treatment_code;
	ExecuteBatchRequest *batch = new_batch(c, "s1");
	BATCH_ADD(batch, POST_EVENT, new_event(c, "s1", "e1", "shown", code));
	BATCH_ADD(batch, GET_OFFERS, new_offers(c, "s1", "home-banner", 1));
	atomic_store(&disk_is_full, true);
	must_offer(c, "s1", "home-banner", 1);
	usleep(10000);
	assert_int_equal(execute_batch(c, batch, &answer), OK);
	assert_string_equal(answer->results[0]->failure->reason, "JOURNAL_FULL");
	assert_int_equal(answer->results[1]->get_offers->points[0]->n_offers, 1);
	atomic_store(&disk_is_full, false);
	bool taken = false;
	for (int i = 0; i < 1000 && !taken; i++, usleep(10000)) {
		assert_int_equal(execute_batch(c, batch, &answer), OK);
		taken = answer->results[0]->what_case == PARLEY__RUNTIME__V1__BATCH_RESULT__WHAT_POST_EVENT;
	}
	assert_true(taken);
	assert_false(answer->results[0]->post_event->duplicate);
}

// --- another snapshot ---

static void a_session_moves_to_the_next_snapshot(void **state)
{
	(void)state;
	Client *c = &server.client;
	GetOffersResponse *answer = NULL;
	must_start(c, "s1", 1, string_value(c, "tier", "gold"));
	const char *code = must_offer(c, "s1", "home-banner", 1)->offers[0]->treatment_code;
	World *next = world_bank(c->arena);
	world_rule(next, "gold-savings", "gold", "home", "SAVINGS", 99);
	Snapshot *snapshot = world_finish(next);
	snapshot->audience_levels[0]->attributes[WORLD_CHURN]->name = (char *)"churned";
	must_deploy(c, snapshot, 2, &server.manifest);

	assert_int_equal(get_offers(c, new_offers(c, "s1", "home-banner", 1), &answer), OK);
	assert_int_equal(answer->snapshot->version, 2);
	assert_true(ADVISED(answer, "SNAPSHOT_CHANGED"));
	assert_false(ADVISED(answer, "ATTRIBUTE_DROPPED"));
	assert_string_equal(answer->points[0]->offers[0]->offer_code, "SAVINGS");
	assert_int_equal(get_offers(c, new_offers(c, "s1", "home-banner", 1), &answer), OK);
	assert_false(ADVISED(answer, "SNAPSHOT_CHANGED")); // said once
	assert_int_equal(post_event(c, new_event(c, "s1", "e1", "accepted", code), NULL), OK);
}

static void idle_sessions_do_not_hold_old_snapshots(void **state)
{
	(void)state;
	Client *c = &server.client;
	GetOffersResponse *answer = NULL;
	must_start(c, "s1", 1, double_value(c, "churn", 0.5));
	World *next = world_bank(c->arena);
	Snapshot *snapshot = world_finish(next);
	snapshot->audience_levels[0]->n_attributes--; // churn is gone
	must_deploy(c, snapshot, 2, &server.manifest);
	server_pass_seconds(1); // the sweep moves the session; what happened to it is told later
	assert_int_equal(get_offers(c, new_offers(c, "s1", "home-banner", 1), &answer), OK);
	assert_true(ADVISED(answer, "SNAPSHOT_CHANGED"));
	assert_true(ADVISED(answer, "ATTRIBUTE_DROPPED"));
}

static void a_session_whose_level_is_gone_ends(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries;
	must_start(c, "s1", 1, NULL);
	must_start(c, "s2", 2, NULL);
	Snapshot *snapshot = world_finish(world_bank(c->arena));
	snapshot->audience_levels[0]->name = (char *)"client";
	must_deploy(c, snapshot, 2, &server.manifest);
	assert_int_equal(get_offers(c, new_offers(c, "s1", "home-banner", 1), NULL), ERR_SESSION_UNKNOWN);
	assert_non_null(strstr(err_detail()->message, "customer"));
	server_pass_seconds(1); // the sweep finds the other one
	size_t count = server_entries(&entries);
	assert_int_equal(count_entries(entries, count, PARLEY__JOURNAL__V1__ENTRY__WHAT_SESSION_ENDED), 2);
	assert_string_equal(entries[count - 1]->session_ended->cause, "replaced");
}

// --- what is refused ---

static void wrong_starts_are_refused_by_field(void **state)
{
	(void)state;
	Client *c = &server.client;
	char long_id[140];
	memset(long_id, 'x', sizeof long_id);
	long_id[129] = '\0';
#define REFUSED(reason, path, change)                                                                        \
	do {                                                                                                 \
		StartSessionRequest *r = new_start(c, "s1", 1);                                              \
		change;                                                                                      \
		assert_refused(start_session(c, r, NULL), (Refusal){ERR_##reason, path});                    \
	} while (0)
	REFUSED(FIELD_MISSING, "session_id", r->session_id = (char *)"");
	REFUSED(FIELD_INVALID, "session_id", r->session_id = long_id);
	REFUSED(FIELD_MISSING, "channel", r->channel = (char *)"");
	REFUSED(CHANNEL_NOT_DEPLOYED, "channel", r->channel = (char *)"shop");
	REFUSED(FIELD_MISSING, "audience.level", r->audience = NULL);
	REFUSED(AUDIENCE_INVALID, "audience.level", r->audience->level = (char *)"household");
	REFUSED(AUDIENCE_INVALID, "audience.keys", r->audience->n_keys = 0);
	REFUSED(AUDIENCE_INVALID, "audience.keys[0].name", r->audience->keys[0]->name = (char *)"id");
	REFUSED(AUDIENCE_INVALID, "audience.keys[0].value",
	        r->audience->keys[0] = string_value(c, "customer_id", "1"));
	REFUSED(AUDIENCE_INVALID, "audience.keys",
	        r->audience->keys[r->audience->n_keys++] = int_value(c, "customer_id", 1));
	REFUSED(ATTRIBUTE_UNKNOWN, "parameters[0].name",
	        r->parameters[r->n_parameters++] = int_value(c, "agge", 1));
	REFUSED(ATTRIBUTE_TYPE, "parameters[0].value",
	        r->parameters[r->n_parameters++] = string_value(c, "age", "1"));
	REFUSED(FIELD_INVALID, "parameters[1].name", {
		r->parameters[r->n_parameters++] = int_value(c, "age", 1);
		r->parameters[r->n_parameters++] = int_value(c, "age", 2);
	});
#undef REFUSED
	must_start(c, "s1", 1, NULL); // none of them left a session behind
	Snapshot *snapshot = world_finish(world_bank(c->arena));
	snapshot->audience_levels[0]->attributes[WORLD_AGE]->session_settable = false;
	must_deploy(c, snapshot, 2, &server.manifest);
	StartSessionRequest *locked = new_start(c, "s9", 1);
	locked->parameters[locked->n_parameters++] = int_value(c, "age", 1);
	assert_refused(
	        start_session(c, locked, NULL), (Refusal){ERR_ATTRIBUTE_NOT_SETTABLE, "parameters[0].name"});
}

static void wrong_questions_are_refused_by_field(void **state)
{
	(void)state;
	Client *c = &server.client;
	must_start(c, "s1", 1, NULL);
#define REFUSED(reason, path, change)                                                                        \
	do {                                                                                                 \
		GetOffersRequest *r = new_offers(c, "s1", "home-banner", 1);                                 \
		change;                                                                                      \
		assert_refused(get_offers(c, r, NULL), (Refusal){ERR_##reason, path});                       \
	} while (0)
	REFUSED(FIELD_MISSING, "session_id", r->session_id = (char *)"");
	REFUSED(SESSION_UNKNOWN, "", r->session_id = (char *)"s2");
	REFUSED(FIELD_MISSING, "points", r->n_points = 0);
	REFUSED(FIELD_INVALID, "points", r->n_points = 17);
	REFUSED(FIELD_INVALID, "points[0].max_offers", r->points[0]->max_offers = 101);
	REFUSED(FIELD_MISSING, "points[0].interaction_point", r->points[0]->interaction_point = (char *)"");
#undef REFUSED
	assert_int_equal(must_offer(c, "s1", "home-banner", 0)->n_offers, 1); // 0 means 1
	assert_int_equal(must_offer(c, "s1", "home-banner", 100)->n_offers, 3);
}

static void wrong_events_are_refused_by_field(void **state)
{
	(void)state;
	Client *c = &server.client;
	must_start(c, "s1", 1, NULL);
	must_start(c, "s2", 2, NULL);
	const char *code = must_offer(c, "s1", "home-banner", 1)->offers[0]->treatment_code;
#define REFUSED(reason, path, change)                                                                        \
	do {                                                                                                 \
		PostEventRequest *r = new_event(c, "s1", "e1", "shown", code);                               \
		change;                                                                                      \
		assert_refused(post_event(c, r, NULL), (Refusal){ERR_##reason, path});                       \
	} while (0)
	REFUSED(FIELD_MISSING, "event_id", r->event_id = (char *)"");
	REFUSED(FIELD_MISSING, "event", r->event = (char *)"");
	REFUSED(EVENT_UNKNOWN, "event", r->event = (char *)"seen");
	REFUSED(TREATMENT_MISSING, "treatment_code", r->treatment_code = (char *)"");
	REFUSED(TREATMENT_UNKNOWN, "treatment_code", r->treatment_code = (char *)"0123456789ABCDEFGHJ");
	REFUSED(ATTRIBUTE_UNKNOWN, "parameters[0].name",
	        r->parameters[r->n_parameters++] = int_value(c, "x", 1));
#undef REFUSED
	PostEventResponse *answer = NULL;
	assert_int_equal(post_event(c, new_event(c, "s1", "e1", "shown", code), &answer), OK);
	assert_false(answer->duplicate); // a refused event was not taken
}

// --- control ---

static void a_wrong_deployment_leaves_the_old_one_serving(void **state)
{
	(void)state;
	Client *c = &server.client;
	GetStatusResponse *status = NULL;
	World *next = world_bank(c->arena);
	world_rule(next, "more", NULL, "home", "CARD", 1);
	const Snapshot *snapshot = world_finish(next);
	Deployment good = new_deployment(c, snapshot, 2, &server.manifest, BUILDER);
	Deployment stranger = new_deployment(c, snapshot, 2, &server.manifest, BUILDER + 1);
	Deployment old = new_deployment(c, snapshot, 1, NULL, BUILDER);
	Digest digest = digest_of(good.blob);
	assert_int_equal(activate(c, good.envelope, NULL), ERR_BLOB_INCOMPLETE);
	char *tampered = arena_cstr(c->arena, good.blob);
	tampered[good.blob.len / 2] ^= 1;
	assert_int_equal(stage_blob(c, &digest, str_n(tampered, good.blob.len)), OK);
	Err e = activate(c, good.envelope, NULL);
	assert_true(e == ERR_SNAPSHOT_DIGEST || e == ERR_BLOB_INCOMPLETE);
	assert_int_equal(get_status(c, &status), OK);
	assert_true(strlen(status->channels[0]->last_error) > 0);
	assert_int_equal(stage_blob(c, &digest, good.blob), OK);
	assert_int_equal(activate(c, stranger.envelope, NULL), ERR_SIGNATURE_INVALID);
	assert_int_equal(activate(c, old.envelope, NULL), ERR_MANIFEST_VERSION);
	char *bent = arena_cstr(c->arena, good.envelope);
	bent[good.envelope.len - 1] ^= 1;
	assert_int_equal(activate(c, str_n(bent, good.envelope.len), NULL), ERR_SIGNATURE_INVALID);
	assert_int_equal(must_start(c, "s1", 1, NULL)->snapshot->version, 1);
	assert_int_equal(activate(c, good.envelope, NULL), OK);
	assert_int_equal(must_start(c, "s2", 1, NULL)->snapshot->version, 2);
}

static void status_and_version_tell_what_runs(void **state)
{
	(void)state;
	Client *c = &server.client;
	GetStatusResponse *status = NULL;
	GetVersionResponse *version = NULL;
	must_start(c, "s1", 1, NULL);
	const char *code = must_offer(c, "s1", "home-banner", 1)->offers[0]->treatment_code;
	assert_int_equal(post_event(c, new_event(c, "s1", "e1", "shown", code), NULL), OK);
	assert_int_equal(get_status(c, &status), OK);
	assert_string_equal(status->runtime_id, "r1");
	assert_string_equal(status->environment, "production");
	assert_int_equal(status->sessions, 1);
	assert_int_equal(status->journal_sequence, 3);
	assert_int_equal(status->n_channels, 1);
	assert_int_equal(status->channels[0]->snapshot->version, 1);
	assert_true(status->channels[0]->since->seconds > 1700000000);
	assert_int_equal(get_version(c, &version), OK);
	assert_int_equal(version->n_snapshots, 1);
	assert_string_equal(version->snapshots[0]->channel, "bank");
	assert_int_equal(version->incarnation, journal_incarnation(server.journal));
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, server_tear_down)
	const struct CMUnitTest tests[] = {
	        STORY(a_visit_from_start_to_acceptance),
	        STORY(an_unknown_point_is_its_own_affair),
	        STORY(explaining_tells_every_candidate),
	        STORY(treatment_codes_are_all_different),
	        STORY(parameters_of_an_event_move_the_visitor),
	        STORY(a_session_is_resumed_by_its_visitor_only),
	        STORY(idle_sessions_expire_by_the_steady_clock),
	        cmocka_unit_test_teardown(too_many_sessions_are_refused_with_a_retry_time, server_tear_down),
	        STORY(an_event_sent_again_changes_nothing),
	        STORY(events_that_race_with_themselves_count_once),
	        STORY(a_full_journal_refuses_events_and_offers_go_on),
	        STORY(an_event_that_could_not_be_written_is_not_taken_for_done),
	        STORY(a_batch_tells_which_event_could_not_be_written),
	        STORY(a_session_moves_to_the_next_snapshot),
	        STORY(idle_sessions_do_not_hold_old_snapshots),
	        STORY(a_session_whose_level_is_gone_ends),
	        STORY(wrong_starts_are_refused_by_field),
	        STORY(wrong_questions_are_refused_by_field),
	        STORY(wrong_events_are_refused_by_field),
	        STORY(a_wrong_deployment_leaves_the_old_one_serving),
	        STORY(status_and_version_tell_what_runs),
	};
	rpc_init();
	int failed = cmocka_run_group_tests_name("runtime service", tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
