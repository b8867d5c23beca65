// Plans: the same bytes on any number of threads and after being broken off, what is counted, and limits that
// hold for all visitors together.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "plan/plan.h"
#include "wire/wire.h"
#include "world/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOON_US (INT64_C(1767268800) * US_PER_S) // 2026-01-01, 12:00

enum { VISITORS = 300, EVENTS = 12000, FILE_MOST = 256 << 20, CARDS = 900 };

typedef struct Desk {
	char dir[64];
	Arena *arena;
	RehearsalContent *content;
	EventSet *set;
	EventSorter *sorter;
} Desk;

static void must(Err e)
{
	if (e != OK)
		fprintf(stderr, "%s: %s\n", err_reason(e), err_detail()->message);
	assert_int_equal(e, OK);
}

static char *path_of(Desk *desk, const char *name)
{
	return arena_printf(desk->arena, "%s/%s", desk->dir, name);
}

static World *bank(Arena *arena)
{
	World *world = world_bank(arena);
	world_constraint(world, "few", "CARD",
	        PARLEY__SNAPSHOT__V1__CONSTRAINT_SCOPE__CONSTRAINT_SCOPE_OVERALL,
	        PARLEY__SNAPSHOT__V1__PERIOD__PERIOD_EVER, CARDS);
	world_suppression(world, "once", "SAVINGS",
	        PARLEY__SNAPSHOT__V1__SUPPRESSION_TRIGGER__SUPPRESSION_TRIGGER_ACCEPT,
	        PARLEY__SNAPSHOT__V1__SCOPE__SCOPE_FOR_EVER);
	SnapEvent *thanks = world_event(world, "thanks", SNAP_ACTION(UNSPECIFIED));
	world_action_offers(world, thanks, SNAP_ACTION(SUPPRESS_OFFERS), "LOAN",
	        PARLEY__SNAPSHOT__V1__SCOPE__SCOPE_FOR_EVER)
	        ->delay_s = 600;
	return world;
}

static void desk_set(Desk *desk)
{
	Str blob;
	*desk = (Desk){.dir = "/tmp/parley-plan-XXXXXX", .arena = arena_new(1 << 20, 0)};
	assert_non_null(mkdtemp(desk->dir));
	must(snapshot_pack(world_finish(bank(desk->arena)), desk->arena, &blob));
	must(rehearsal_content_open(blob, 7, &desk->content));
}

static void desk_clear(Desk *desk)
{
	char command[128];
	event_set_close(desk->set);
	rehearsal_content_free(desk->content);
	arena_free(desk->arena);
	snprintf(command, sizeof command, "rm -rf %s", desk->dir);
	assert_int_equal(system(command), 0);
}

// --- a set ---

typedef struct Row {
	int64_t time_us;
	int customer;
	const char *event, *offer, *point;
	const char *name, *value; // of an attribute; NULL: none
} Row;

static void add(Desk *desk, Row row)
{
	Event event = PARLEY__PLAN__V1__EVENT__INIT;
	Parley__Plan__V1__NamedText key = PARLEY__PLAN__V1__NAMED_TEXT__INIT, *keys[] = {&key};
	Parley__Plan__V1__NamedText attribute = PARLEY__PLAN__V1__NAMED_TEXT__INIT,
	                            *attributes[] = {&attribute};
	Parley__Plan__V1__Question question = PARLEY__PLAN__V1__QUESTION__INIT, *questions[] = {&question};
	char id[16];
	snprintf(id, sizeof id, "%d", row.customer);
	key.name = (char *)"customer_id";
	key.value = id;
	event.time_us = row.time_us;
	event.audience_level = (char *)"customer";
	event.keys = keys;
	event.n_keys = 1;
	event.event = (char *)(uintptr_t)(row.event ? row.event : "");
	event.offer_code = (char *)(uintptr_t)(row.offer ? row.offer : "");
	question.interaction_point = (char *)(uintptr_t)(row.point ? row.point : "");
	question.max = 2;
	event.questions = questions;
	event.n_questions = row.point != NULL;
	attribute.name = (char *)(uintptr_t)(row.name ? row.name : "");
	attribute.value = (char *)(uintptr_t)(row.value ? row.value : "");
	event.attributes = attributes;
	event.n_attributes = row.name != NULL;
	must(event_sorter_add(desk->sorter, &event));
}

static void begin_set(Desk *desk)
{
	const char *kept = NULL;
	must(event_sorter_open(path_of(desk, "sorting"), 0, desk->arena, &desk->sorter, &kept));
}

static void end_set(Desk *desk)
{
	EventSetInfo info;
	must(event_sorter_keep(desk->sorter, ""));
	must(event_sorter_finish(desk->sorter, path_of(desk, "set"), NULL, NULL, &info));
	must(event_set_open(path_of(desk, "set"), &desk->set));
}

// Visits of days: somebody comes, is shown something, and some accept.
static void make_set(Desk *desk)
{
	uint64_t x = 88172645463325252U;
	begin_set(desk);
	for (int i = 0; i < EVENTS / 2; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		int customer = (int)(x % VISITORS);
		int64_t at_us = NOON_US + (int64_t)i * 20 * US_PER_S;
		add(desk, (Row){at_us, customer, NULL, NULL, i % 3 ? "home-banner" : "call-script", "age",
		                  i % 5 ? "40" : "12"});
		add(desk, (Row){at_us + US_PER_S, customer,
		                  i % 4   ? "shown"
		                  : i % 8 ? "accepted"
		                          : "thanks",
		                  i % 3 ? "CARD" : "SAVINGS", NULL, NULL, NULL});
	}
	end_set(desk);
}

// --- plans ---

static PlanOptions options_of(Desk *desk, const char *name)
{
	return (PlanOptions){.set = desk->set,
	        .content = desk->content,
	        .seed = 11,
	        .threads = 1,
	        .path = path_of(desk, name)};
}

static PlanReport make_plan(Desk *desk, const PlanOptions *options)
{
	PlanReport report;
	must(plan_run(options, desk->arena, &report));
	return report;
}

static Str bytes_of(Desk *desk, const char *path)
{
	Str bytes;
	must(file_read(path, FILE_MOST, desk->arena, &bytes));
	return bytes;
}

static void assert_same_file(Desk *desk, const char *a, const char *b)
{
	Str of_a = bytes_of(desk, a), of_b = bytes_of(desk, b);
	assert_int_equal(of_a.len, of_b.len);
	assert_memory_equal(of_a.ptr, of_b.ptr, of_a.len);
}

static uint64_t count_of(Parley__Plan__V1__PlanCount **list, size_t count, const char *name, bool contacts)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i]->name, name) == 0)
			return contacts ? list[i]->contacts : list[i]->recommended;
	return 0;
}

static void test_threads_change_nothing(void **state)
{
	static Desk desk;
	(void)state;
	desk_set(&desk);
	make_set(&desk);
	PlanOptions one = options_of(&desk, "one"), many = options_of(&desk, "many");
	many.threads = 5;
	PlanReport report = make_plan(&desk, &one);
	assert_true(report.rounds > 2);
	assert_true(report.effects > EVENTS);
	make_plan(&desk, &many);
	assert_same_file(&desk, one.path, many.path);
	CLEANUP(plan_file_closep) PlanFile *plan = NULL;
	must(plan_file_open(one.path, &plan));
	must(plan_file_verify(plan, NULL, NULL));
	const PlanEnd *end = plan_file_end(plan);
	assert_int_equal(end->questions, EVENTS / 2);
	assert_true(end->posted > 0 && end->sessions > VISITORS);
	assert_true(end->n_segments_entered > 0);
	assert_int_equal(end->inputs->snapshot_version, 7);
	desk_clear(&desk);
}

// A brief plan is the same on any number of threads, and sums up to what the whole one does.
static void test_a_brief_plan_sums_up_to_the_same(void **state)
{
	static Desk desk;
	(void)state;
	desk_set(&desk);
	make_set(&desk);
	PlanOptions whole = options_of(&desk, "whole"), one = options_of(&desk, "one"),
	            many = options_of(&desk, "many");
	one.brief = many.brief = true;
	many.threads = 5;
	PlanEnd of_whole = *make_plan(&desk, &whole).end, of_brief = *make_plan(&desk, &one).end;
	make_plan(&desk, &many);
	assert_same_file(&desk, one.path, many.path);
	Str sums, brief_sums;
	assert_true(of_brief.inputs->brief);
	of_whole.inputs = of_brief.inputs = NULL;
	must(wire_pack(&of_whole.base, desk.arena, &sums));
	must(wire_pack(&of_brief.base, desk.arena, &brief_sums));
	assert_true(str_eq(sums, brief_sums));
	desk_clear(&desk);
}

typedef struct BreakOff {
	atomic_bool stop;
	unsigned rounds;
} BreakOff;

static void break_off(void *context, uint64_t events)
{
	BreakOff *off = context;
	(void)events;
	if (off->rounds-- == 0)
		atomic_store(&off->stop, true);
}

// What was written before is compared, and the rest follows; of other inputs it is refused.
static void test_a_plan_is_taken_up(void **state)
{
	static Desk desk;
	PlanReport report;
	BreakOff off = {.rounds = 1};
	(void)state;
	desk_set(&desk);
	make_set(&desk);
	PlanOptions whole = options_of(&desk, "whole"), broken = options_of(&desk, "broken");
	make_plan(&desk, &whole);
	broken.stop = &off.stop;
	broken.progress = break_off;
	broken.context = &off;
	assert_int_equal(plan_run(&broken, desk.arena, &report), ERR_CANCELLED);
	assert_int_not_equal(access(broken.path, F_OK), 0);
	broken.stop = NULL;
	broken.progress = NULL;
	broken.seed = 12;
	assert_int_equal(plan_run(&broken, desk.arena, &report), ERR_STATE_CORRUPT);
	broken.seed = 11;
	broken.threads = 2;
	report = make_plan(&desk, &broken);
	assert_true(report.there > 0);
	assert_same_file(&desk, whole.path, broken.path);
	desk_clear(&desk);
}

// A limit for all visitors together holds to within the smallest round, on any number of threads.
static void test_overall_limits_hold(void **state)
{
	static Desk desk;
	(void)state;
	desk_set(&desk);
	begin_set(&desk);
	for (int i = 0; i < EVENTS; i++)
		add(&desk, (Row){NOON_US + (int64_t)i * US_PER_S, i % 5000, NULL, NULL, "home-banner", "age",
		                   "40"});
	end_set(&desk);
	PlanOptions options = options_of(&desk, "plan"), other = options_of(&desk, "other");
	options.contact_event = other.contact_event = "shown";
	other.threads = 3;
	make_plan(&desk, &options);
	make_plan(&desk, &other);
	assert_same_file(&desk, options.path, other.path);
	CLEANUP(plan_file_closep) PlanFile *plan = NULL;
	must(plan_file_open(options.path, &plan));
	const PlanEnd *end = plan_file_end(plan);
	uint64_t cards = count_of(end->offers, end->n_offers, "CARD", true);
	assert_true(cards >= CARDS && cards <= CARDS + PLAN_ROUND_LEAST);
	assert_int_equal(cards, count_of(end->offers, end->n_offers, "CARD", false));
	desk_clear(&desk);
}

static bool has_problem(const PlanEnd *end, const char *reason, uint64_t count)
{
	for (size_t i = 0; i < end->n_problems; i++)
		if (strcmp(end->problems[i]->name, reason) == 0)
			return end->problems[i]->count == count;
	return false;
}

static void test_what_cannot_be_done_is_told(void **state)
{
	static Desk desk;
	size_t count = 0;
	const EventEffects *const *effects = NULL;
	(void)state;
	desk_set(&desk);
	begin_set(&desk);
	add(&desk, (Row){NOON_US, 1, "shown", "CARD", NULL, NULL, NULL}); // nothing was shown
	add(&desk, (Row){NOON_US + 1, 1, "dance", NULL, NULL, NULL, NULL});
	add(&desk, (Row){NOON_US + 2, 1, NULL, NULL, "moon", "age", "old"});
	add(&desk, (Row){NOON_US + 3, 1, NULL, NULL, "home-banner", "shoe", "42"});
	add(&desk, (Row){NOON_US + 4, 1, "shown", "CARD", NULL, NULL, NULL}); // now it was
	end_set(&desk);
	PlanOptions options = options_of(&desk, "plan");
	options.explains = true;
	const PlanEnd *end = make_plan(&desk, &options).end;
	assert_true(has_problem(end, "TREATMENT_UNKNOWN", 1));
	assert_true(has_problem(end, "EVENT_UNKNOWN", 1));
	assert_true(has_problem(end, "POINT_UNKNOWN", 1));
	assert_true(has_problem(end, "ATTRIBUTE_TYPE", 1));
	assert_true(has_problem(end, "ATTRIBUTE_UNKNOWN", 1));
	assert_int_equal(count_of(end->offers, end->n_offers, "CARD", true), 1);
	assert_true(end->n_reasons > 1);
	CLEANUP(plan_file_closep) PlanFile *plan = NULL;
	must(plan_file_open(options.path, &plan));
	must(plan_file_block(plan, 0, desk.arena, &effects, &count));
	assert_int_equal(count, 6); // and the session's end
	assert_int_equal(effects[0]->n_segments_entered, 1);
	assert_string_equal(effects[0]->problems[0]->about, "CARD");
	assert_true(effects[3]->n_reasons > 0);
	assert_int_equal(effects[5]->place, 5);
	options.contact_event = "dance";
	PlanReport report;
	assert_int_equal(plan_run(&options, desk.arena, &report), ERR_EVENT_UNKNOWN);
	desk_clear(&desk);
}

// It begins with what a checkpoint has, each lane with its own visitors, and all with the counts.
static void test_a_plan_begins_with_a_state(void **state)
{
	static Desk desk;
	(void)state;
	desk_set(&desk);
	Parley__Journal__V1__Context context = PARLEY__JOURNAL__V1__CONTEXT__INIT;
	Parley__Journal__V1__EventPosted posted = PARLEY__JOURNAL__V1__EVENT_POSTED__INIT;
	Parley__Journal__V1__Effect effect = PARLEY__JOURNAL__V1__EFFECT__INIT, *list[] = {&effect};
	Parley__Journal__V1__Entry entry = PARLEY__JOURNAL__V1__ENTRY__INIT;
	CLEANUP(rehearsal_freep) Rehearsal *rehearsal = NULL;
	must(rehearsal_new(&(RehearsalOptions){.content = desk.content, .state_fd = -1}, &rehearsal));
	effect.kind = PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_ACCEPT;
	effect.offer_code = (char *)"SAVINGS";
	posted.effects = list;
	posted.n_effects = 1;
	context.channel = (char *)"bank";
	context.audience_level = (char *)"customer";
	context.time_us = NOON_US - US_PER_S;
	entry.context = &context;
	entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED;
	entry.event_posted = &posted;
	for (int i = 0; i < 100; i += 2) {
		context.audience_id = arena_printf(desk.arena, "%d", i);
		must(rehearsal_given(rehearsal, &entry));
	}
	const char *saved = path_of(&desk, "state");
	FILE *file = fopen(saved, "w");
	must(rehearsal_save(rehearsal, fileno(file)));
	fclose(file);
	begin_set(&desk);
	for (int i = 0; i < 100; i++)
		add(&desk, (Row){NOON_US + i, i, NULL, NULL, "call-script", NULL, NULL});
	end_set(&desk);
	PlanOptions options = options_of(&desk, "plan");
	options.state = saved;
	const PlanEnd *end = make_plan(&desk, &options).end;
	assert_int_equal(count_of(end->offers, end->n_offers, "SAVINGS", false), 50);
	assert_int_equal(end->unanswered, 50);
	assert_int_equal(end->inputs->state_digest.len, PLAN_DIGEST_SIZE);
	desk_clear(&desk);
}

static void test_profiles_are_read_from_a_file(void **state)
{
	static Desk desk;
	(void)state;
	desk_set(&desk);
	begin_set(&desk);
	add(&desk, (Row){NOON_US, 1, NULL, NULL, "call-script", NULL, NULL});
	add(&desk, (Row){NOON_US + 1, 2, NULL, NULL, "call-script", NULL, NULL});
	end_set(&desk);
	PlanOptions options = options_of(&desk, "plan");
	options.profiles = path_of(&desk, "profiles");
	must(file_write_durable(options.profiles,
	        STR("{\"level\":\"customer\",\"id\":\"1\",\"attributes\":{\"tier\":\"gold\"}}\n"), 0600));
	const PlanEnd *end = make_plan(&desk, &options).end;
	assert_int_equal(count_of(end->offers, end->n_offers, "CARD", false), 1);
	PlanReport report;
	options.path = path_of(&desk, "other");
	must(file_write_durable(options.profiles, STR("{}\n"), 0600));
	assert_int_equal(plan_run(&options, desk.arena, &report), ERR_FIELD_MISSING);
	desk_clear(&desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_threads_change_nothing),
	        cmocka_unit_test(test_a_brief_plan_sums_up_to_the_same),
	        cmocka_unit_test(test_a_plan_is_taken_up),
	        cmocka_unit_test(test_overall_limits_hold),
	        cmocka_unit_test(test_what_cannot_be_done_is_told),
	        cmocka_unit_test(test_a_plan_begins_with_a_state),
	        cmocka_unit_test(test_profiles_are_read_from_a_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
