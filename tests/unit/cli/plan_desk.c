#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan_desk.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void must(Err e)
{
	if (e != OK)
		fprintf(stderr, "%s: %s\n", err_reason(e), err_detail()->message);
	assert_int_equal(e, OK);
}

static char *path_of(Desk *desk, const char *name)
{
	return arena_printf(desk->arena, "%s/%s", desk->dir, name);
}

void desk_set(Desk *desk)
{
	*desk = (Desk){.dir = "/tmp/parley-compare-XXXXXX", .arena = arena_new(1 << 20, 0)};
	assert_non_null(mkdtemp(desk->dir));
}

void desk_clear(Desk *desk)
{
	char command[128];

	for (size_t i = 0; i < desk->count; i++)
		plan_file_close(desk->plans[i]);
	event_set_close(desk->set);
	arena_free(desk->arena);
	snprintf(command, sizeof command, "rm -rf %s", desk->dir);
	assert_int_equal(system(command), 0);
}

// --- sets ---

EventSorter *desk_begin_set(Desk *desk)
{
	EventSorter *sorter = NULL;
	const char *kept = NULL;

	must(event_sorter_open(path_of(desk, "sorting"), 0, desk->arena, &sorter, &kept));
	return sorter;
}

void desk_end_set(Desk *desk, EventSorter *sorter)
{
	EventSetInfo info;

	must(event_sorter_keep(sorter, ""));
	must(event_sorter_finish(sorter, path_of(desk, "set"), NULL, NULL, &info));
	must(event_set_open(path_of(desk, "set"), &desk->set));
}

void desk_add(EventSorter *sorter, int i, Visit visit)
{
	Event event = PARLEY__PLAN__V1__EVENT__INIT;
	Parley__Plan__V1__NamedText key = PARLEY__PLAN__V1__NAMED_TEXT__INIT, *keys[] = {&key};
	Parley__Plan__V1__NamedText age = PARLEY__PLAN__V1__NAMED_TEXT__INIT, *attributes[] = {&age};
	Parley__Plan__V1__Question question = PARLEY__PLAN__V1__QUESTION__INIT, *questions[] = {&question};
	Parley__Plan__V1__LoggedOutcome outcome = PARLEY__PLAN__V1__LOGGED_OUTCOME__INIT;
	char id[16];

	snprintf(id, sizeof id, "%d", visit.customer);
	key.name = (char *)"customer_id";
	key.value = id;
	age.name = (char *)"age";
	age.value = (char *)(uintptr_t)visit.age;
	question.interaction_point = (char *)(uintptr_t)visit.point;
	event.time_us = NOON_US + (int64_t)i * 3600 * US_PER_S;
	event.audience_level = (char *)"customer";
	event.keys = keys;
	event.n_keys = 1;
	event.attributes = attributes;
	event.n_attributes = 1;
	event.questions = questions;
	event.n_questions = 1;
	outcome.offer_code = (char *)(uintptr_t)visit.shown;
	outcome.reward = visit.reward;
	outcome.propensity = visit.propensity;
	event.outcome = visit.shown ? &outcome : NULL;
	must(event_sorter_add(sorter, &event));
}

void desk_visits(Desk *desk)
{
	EventSorter *sorter = desk_begin_set(desk);

	for (int i = 0; i < VISITS; i++)
		desk_add(sorter, i, (Visit){.customer = i % 2, .age = "40", .point = "home-banner"});
	desk_end_set(desk, sorter);
}

// --- plans ---

SnapRule *desk_rule(Snapshot *snapshot, const char *name)
{
	for (size_t i = 0; i < snapshot->n_rules; i++)
		if (strcmp(snapshot->rules[i]->name, name) == 0)
			return snapshot->rules[i];
	fail_msg("there is no rule %s", name);
	return NULL;
}

static void make_plan(Desk *desk, const char *name, bool brief, Change *change, Alter *alter)
{
	CLEANUP(rehearsal_content_freep) RehearsalContent *content = NULL;
	World *world = world_bank(desk->arena);
	PlanReport report;
	Str blob;

	if (change)
		change(world);
	Snapshot *snapshot = world_finish(world);
	if (alter)
		alter(world, snapshot);
	must(snapshot_pack(snapshot, desk->arena, &blob));
	must(rehearsal_content_open(blob, 7, &content));
	must(plan_run(&(PlanOptions){.set = desk->set,
	                      .content = content,
	                      .seed = 11,
	                      .threads = 1,
	                      .brief = brief,
	                      .contact_event = "shown",
	                      .path = path_of(desk, name)},
	        desk->arena, &report));
	must(plan_file_open(path_of(desk, name), &desk->plans[desk->count]));
	ComparedPlan *compared = &desk->compared[desk->count];
	*compared = (ComparedPlan){.name = name, .file = desk->plans[desk->count]};
	must(snapshot_parse(blob, desk->arena, &snapshot));
	must(plan_build(snapshot, desk->arena, &compared->snapshot));
	desk->count++;
}

void desk_plan(Desk *desk, const char *name, Change *change, Alter *alter)
{
	make_plan(desk, name, false, change, alter);
}

void desk_plan_brief(Desk *desk, const char *name, Change *change, Alter *alter)
{
	make_plan(desk, name, true, change, alter);
}
