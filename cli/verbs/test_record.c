// test --record: a recorded session as a scenario. What was decided is in the receipts: whom it was decided
// for, with which attributes and past, what was asked, by which seed. What touchpoints told in between is in
// the history.
#include "connect.h"
#include "history/decision.h"
#include "release/deployment.h"
#include "scenario/recording.h"
#include "verbs/test.h"

#include "base/clock.h"

#include <inttypes.h>

enum { ENTRIES_MAX = 5000, CHUNK = 1000 };

static int64_t time_of(const json_t *entry)
{
	int64_t us = 0;

	(void)time_parse(str(json_word(entry, "time")), &us);
	return us;
}

// --- events ---

// An event that means several things is several entries; those that another brought about come by themselves.
static void add_event(Recording *recording, const json_t *entry)
{
	const char *id = json_word(entry, "event_id"), *offer = json_word(entry, "offer_code"),
	           *treatment = json_word(entry, "treatment_code");
	json_t *step;

	if (!*id || *id == '~' || *json_word(entry, "cause_event_id") ||
	        json_object_get(recording->events, id))
		return;
	step = json_pack("{s:s}", "event", json_word(entry, "event"));
	json_object_set_new(recording->events, id, json_true());
	if (*treatment && !json_object_get(recording->treatments, treatment))
		recording_lacks(arena_printf(
		        recording->cli->arena, "event %s was about an offer of another session", id));
	if (*treatment)
		json_object_set_new(step, "offer", json_string(offer));
	recording_step(recording, step, time_of(entry));
}

// --- decisions ---

static void remember_treatments(Recording *recording, const RecordedDecision *recorded)
{
	for (size_t i = 0; i < recorded->n_rows; i++)
		if (*recorded->rows[i]->treatment_code)
			json_object_set_new(
			        recording->treatments, recorded->rows[i]->treatment_code, json_true());
}

static Err add_decision(Recording *recording, DecisionPlans *plans, const json_t *entry)
{
	const char *id = json_word(entry, "decision_id");
	RecordedDecision *recorded;
	const Plan *plan;
	Replay replay;

	if (!*id || json_object_get(recording->events, id))
		return OK;
	json_object_set_new(recording->events, id, json_true());
	TRY(decision_fetch(recording->cli, id, &recorded));
	TRY(decision_plan(recording->cli, plans, recorded, &plan));
	TRY(decision_replay(plan, recorded, true, recording->cli->arena, &replay));
	if (replay.no_receipt || replay.differences.count)
		return err(ERR_RECEIPT_INVALID, "decision %s cannot be made again: %s", id,
		        replay.no_receipt ? "its receipt was too long to be kept"
		                          : replay.differences.texts[0]);
	if (recording->plan && recording->plan != plan)
		recording_lacks("another snapshot came into service during the session");
	recording->plan = plan;
	remember_treatments(recording, recorded);
	return recording_decision(recording, recorded, &replay);
}

static Err add_entry(Recording *recording, DecisionPlans *plans, const json_t *entry)
{
	const char *kind = json_word(entry, "kind");

	if (strcmp(kind, "SESSION_START") == 0) {
		if (!recording->begun_us)
			recording->begun_us = time_of(entry);
		return OK;
	}
	if (strcmp(kind, "RECOMMENDATION") == 0)
		return add_decision(recording, plans, entry);
	if (strcmp(kind, "SESSION_END") != 0)
		add_event(recording, entry);
	return OK;
}

// --- all of it ---

// The history has them newest first; of one moment, a session's start before all else.
static Err read_session(Recording *recording, DecisionPlans *plans)
{
	CLEANUP(json_decrefp_) json_t *entries = NULL;
	const char *session, *environment;

	TRY(cli_need(recording->cli, OPT_SESSION, &session));
	TRY(cli_need(recording->cli, OPT_ENV, &environment));
	TRY(cli_list(recording->cli, &parley__design__v1__history_service__descriptor, "ListHistory",
	        json_pack("{s:s, s:s}", "session_id", session, "environment", environment), "entries",
	        ENTRIES_MAX, &entries));
	size_t count = json_array_size(entries);
	if (count == 0 || count == ENTRIES_MAX)
		return err(count ? ERR_LIMIT : ERR_RESOURCE_NOT_FOUND,
		        count ? "session '%s' has too many entries in the history of %s"
		              : "the history of %2$s knows nothing of session '%1$s': what was done is "
		                "shipped "
		                "within seconds",
		        session, environment);
	for (size_t i = count; i-- > 0;)
		TRY(add_entry(recording, plans, json_array_get(entries, i)));
	return recording->plan
	               ? OK
	               : err(ERR_RESOURCE_NOT_FOUND,
	                         "no offers were asked for in session '%s': there is nothing to expect",
	                         session);
}

static Err record(Cli *cli, Recording *recording, DecisionPlans *plans)
{
	json_t *file;
	Str text;

	recording->cli = cli;
	TRY(read_session(recording, plans));
	file = recording_file(recording);
	Err e = json_to_yaml(file, cli->arena, &text);
	json_decref(file);
	TRY(e);
	printf("# Session %s of %s, recorded by parley test --record.\n" STR_FMT,
	        cli_option(cli, OPT_SESSION), cli_option(cli, OPT_ENV), STR_ARG(text));
	return OK;
}

Err test_record(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *events = json_object();
	CLEANUP(json_decrefp_) json_t *treatments = json_object();
	CLEANUP(json_decrefp_) json_t *scenario = json_object();
	CLEANUP(json_decrefp_) json_t *steps = json_array();
	DecisionPlans plans = {0};
	Recording recording = {
	        .events = events, .treatments = treatments, .scenario = scenario, .steps = steps};
	Err e = record(cli, &recording, &plans);
	ErrDetail why = *err_detail();

	json_decref(recording.given);
	decision_plans_free(&plans);
	return e ? err_restore(&why) : OK;
}
