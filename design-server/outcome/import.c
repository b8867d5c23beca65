// Reports are judged one by one, and what is wrong with one is its own affair: the others are taken. They go
// into the queue of late responses, where matching is done once for all that comes from outside.
#include "outcome/internal.h"

#include "base/cleanup.h"
#include "environment/environment.h"
#include "erasure/erased.h"
#include "match/match.h"

#include <stdlib.h>

enum { ID_MAX = 128, CODE_MAX = 128, AUDIENCE_MAX = 1024, PARAMS = 7 };
static const int64_t TIME_LEAST = INT64_C(946684800) * US_PER_S; // 2000-01-01, as history_month_make
static const int64_t AHEAD_MAX = 60 * US_PER_S;                  // how far clocks may differ

typedef Parley__Design__V1__OutcomeReport Report;
typedef Parley__Design__V1__ImportedOutcome Imported;
typedef Parley__Design__V1__ImportOutcomesRequest Request;
typedef Parley__Design__V1__ImportOutcomesResponse Response;
#define RESULT(name) PARLEY__DESIGN__V1__OUTCOME_REPORT_RESULT__OUTCOME_REPORT_RESULT_##name

typedef struct Item {
	const Report *report;
	Imported *result;
	Str id;
} Item;

typedef struct Import {
	const Services *services;
	const Request *request;
	Arena *arena;
	int64_t now_us;
	Str *types; // the outcome types' names, sorted
	size_t type_count;
	Item *items; // what can be taken, sorted by event ID, each ID once
	size_t count;
	int64_t number; // of the import that what was taken belongs to; 0: nothing was, and it has none yet
} Import;

// --- one report ---

static int by_text(const void *a, const void *b)
{
	return str_cmp(*(const Str *)a, *(const Str *)b);
}

static const char *code_of(const Report *report, const char **ret_kind)
{
	const struct {
		const char *kind, *code;
	} codes[] = {{"treatment", report->treatment_code}, {"offer", report->offer_code},
	        {"custom", report->custom_code}};
	const char *found = NULL;
	for (size_t i = 0; i < ARRAY_COUNT(codes); i++) {
		if (!*codes[i].code)
			continue;
		if (found)
			return NULL;
		found = codes[i].code;
		*ret_kind = codes[i].kind;
	}
	return found;
}

static int64_t time_of(const Report *report)
{
	const Google__Protobuf__Timestamp *time = report->time;
	if (!time || time->seconds < TIME_LEAST / US_PER_S || time->seconds > INT64_C(1) << 40)
		return 0;
	return time->seconds * US_PER_S + time->nanos / 1000;
}

// NULL if the report can be taken.
static const char *report_reason(const Import *import, const Report *report)
{
	const char *kind = "";
	const char *code = code_of(report, &kind);
	Str outcome = str(report->outcome);
	if (!*report->event_id || strlen(report->event_id) > ID_MAX || *report->event_id == '~')
		return "event_id must have 1 to 128 bytes and not begin with ~";
	if (!code || strlen(code) > CODE_MAX)
		return "give exactly one of treatment_code, offer_code and custom_code, of at most 128 bytes";
	if (strcmp(kind, "offer") == 0 && (!*report->audience_level || !*report->audience_id))
		return "an offer_code needs audience_level and audience_id: who was it shown to?";
	if (strlen(report->audience_id) > AUDIENCE_MAX || strlen(report->audience_level) > CODE_MAX ||
	        strlen(report->channel) > CODE_MAX)
		return "channel, audience_level or audience_id is too long";
	if (!outcome.len)
		return "outcome is missing";
	if (!bsearch(&outcome, import->types, import->type_count, sizeof(Str), by_text))
		return arena_printf(import->arena,
		        "\"%.64s\" is no outcome type: parley get outcome-types lists them", report->outcome);
	int64_t time_us = time_of(report);
	if (time_us < TIME_LEAST)
		return "time is missing or before 2000";
	if (time_us > import->now_us + AHEAD_MAX)
		return "time lies in the future";
	return NULL;
}

static int by_id(const void *a, const void *b)
{
	const Item *left = a, *right = b;
	int order = str_cmp(left->id, right->id);
	return order ? order : left->report < right->report ? -1 : left->report > right->report;
}

// Judges all; what can be taken is left in import->items.
static void judge_all(Import *import)
{
	size_t kept = 0;
	for (size_t i = 0; i < import->count; i++) {
		Item *item = &import->items[i];
		const char *reason = report_reason(import, item->report);
		item->result->result = reason ? RESULT(REFUSED) : RESULT(TAKEN);
		item->result->reason = (char *)(uintptr_t)(reason ? reason : "");
		if (!reason)
			import->items[kept++] = *item;
	}
	import->count = kept;
	qsort(import->items, kept, sizeof(Item), by_id);
	kept = 0;
	for (size_t i = 0; i < import->count; i++) {
		if (kept && str_eq(import->items[kept - 1].id, import->items[i].id))
			import->items[i].result->result = RESULT(REPEATED);
		else
			import->items[kept++] = import->items[i];
	}
	import->count = kept;
}

// --- the database ---

static Err read_types(Pg *pg, void *context)
{
	Import *import = context;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_outcome_type_names, NULL, 0, &rows));
	import->type_count = pg_rows(rows);
	import->types = ARENA_ARRAY(import->arena, Str, import->type_count + 1);
	if (!import->types)
		return outcome_no_memory();
	for (size_t i = 0; i < import->type_count; i++)
		import->types[i] = arena_str(import->arena, pg_text(rows, i, 0));
	return OK;
}

// The rows are event IDs, sorted or not: those items get the result, all others the other one.
static void set_results(
        Import *import, const PgResult *rows, Parley__Design__V1__OutcomeReportResult named, int others)
{
	for (size_t i = 0; i < import->count; i++)
		import->items[i].result->result = (Parley__Design__V1__OutcomeReportResult)others;
	for (size_t i = 0; i < pg_rows(rows); i++) {
		const Item key = {.id = pg_text(rows, i, 0)};
		size_t low = 0, high = import->count;
		while (low < high) {
			size_t middle = (low + high) / 2;
			if (str_cmp(import->items[middle].id, key.id) < 0)
				low = middle + 1;
			else
				high = middle;
		}
		if (low < import->count && str_eq(import->items[low].id, key.id))
			import->items[low].result->result = named;
	}
}

static Err look(Pg *pg, void *context)
{
	Import *import = context;
	CLEANUP(pg_result_freep) PgResult *known = NULL;
	Str *ids = ARENA_ARRAY(import->arena, Str, import->count + 1);
	if (!ids)
		return outcome_no_memory();
	for (size_t i = 0; i < import->count; i++)
		ids[i] = import->items[i].id;
	TRY(SQL_RUN(pg, &known, outcome_known, P_CTEXT(import->request->environment),
	        P_TEXTS(ids, import->count)));
	set_results(import, known, RESULT(REPEATED), RESULT(TAKEN));
	return OK;
}

// Who was erased must not come back with a report about what was before.
static Err drop_erased(Pg *pg, Import *import)
{
	size_t count = import->count, kept = 0;
	const Happened happened = {.levels = ARENA_ARRAY(import->arena, Str, count + 1),
	        .ids = ARENA_ARRAY(import->arena, Str, count + 1),
	        .times_us = ARENA_ARRAY(import->arena, int64_t, count + 1),
	        .count = count};
	bool *erased = ARENA_ARRAY(import->arena, bool, count + 1);
	if (!happened.levels || !happened.ids || !happened.times_us || !erased)
		return outcome_no_memory();
	for (size_t i = 0; i < count; i++) {
		happened.levels[i] = str(import->items[i].report->audience_level);
		happened.ids[i] = str(import->items[i].report->audience_id);
		happened.times_us[i] = time_of(import->items[i].report);
	}
	TRY(erased_among(pg, str(import->request->environment), &happened, erased));
	for (size_t i = 0; i < count; i++) {
		Item *item = &import->items[i];
		if (erased[i]) {
			item->result->result = RESULT(REFUSED);
			item->result->reason = (char *)"the visitor was erased after that";
			continue;
		}
		import->items[kept++] = *item;
	}
	import->count = kept;
	return OK;
}

static Err take(Pg *pg, void *context)
{
	Import *import = context;
	CLEANUP(pg_result_freep) PgResult *taken = NULL;
	TRY(drop_erased(pg, import));
	size_t count = import->count;
	Str *texts = ARENA_ARRAY(import->arena, Str, PARAMS * count + 1);
	int64_t *times = ARENA_ARRAY(import->arena, int64_t, count + 1);
	if (!texts || !times)
		return outcome_no_memory();
	for (size_t i = 0; i < count; i++) {
		const Report *report = import->items[i].report;
		const char *kind = "", *code = code_of(report, &kind);
		const char *values[PARAMS] = {report->event_id, report->channel, kind, code,
		        report->audience_level, report->audience_id, report->outcome};
		for (size_t j = 0; j < PARAMS; j++)
			texts[j * count + i] = str(values[j]);
		times[i] = time_of(report);
	}
	TRY(SQL_RUN(pg, &taken, outcome_import, P_CTEXT(import->request->environment), P_TIME(import->now_us),
	        P_TEXTS(texts, count), P_TEXTS(texts + count, count), P_TEXTS(texts + 2 * count, count),
	        P_TEXTS(texts + 3 * count, count), P_TEXTS(texts + 4 * count, count),
	        P_TEXTS(texts + 5 * count, count), P_TEXTS(texts + 6 * count, count), P_I64S(times, count),
	        P_I64(import->request->import_number)));
	set_results(import, taken, RESULT(TAKEN), RESULT(REPEATED));
	import->number = pg_rows(taken) ? pg_i64(taken, 0, 1) : import->request->import_number;
	return OK;
}

// --- the call ---

static Err prepare(Import *import, Response *response)
{
	const Request *request = import->request;
	size_t count = request->n_reports;
	if (!*request->environment)
		return err_at(ERR_FIELD_MISSING, "environment",
		        "name the environment whose treatments the reports are about");
	if (request->import_number < 0)
		return err_at(
		        ERR_FIELD_INVALID, "import_number", "numbers of imports are positive; 0 begins one");
	TRY(environment_asked(
	        import->services->environments, import->services->store, request->environment, ""));
	if (count > OUTCOME_IMPORT_MAX)
		return err_at(ERR_LIMIT, "reports",
		        "%zu reports are more than %d: send them in several calls", count,
		        OUTCOME_IMPORT_MAX);
	Imported *results = ARENA_ARRAY(import->arena, Imported, count + 1);
	response->results = ARENA_ARRAY(import->arena, Imported *, count + 1);
	import->items = ARENA_ARRAY(import->arena, Item, count + 1);
	if (!results || !response->results || !import->items)
		return outcome_no_memory();
	for (size_t i = 0; i < count; i++) {
		parley__design__v1__imported_outcome__init(&results[i]);
		response->results[i] = &results[i];
		import->items[i] =
		        (Item){request->reports[i], &results[i], str(request->reports[i]->event_id)};
	}
	response->n_results = import->count = count;
	return OK;
}

static Err run(Import *import, Response *response)
{
	TRY(prepare(import, response));
	TRY(store_read(import->services->store, read_types, import));
	judge_all(import);
	if (!import->count)
		return OK;
	if (import->request->validate_only)
		return store_read(import->services->ingest, look, import);
	TRY(store_transact(import->services->ingest, take, import));
	response->import_number = import->number;
	matcher_wake(import->services->matcher);
	return OK;
}

void import_outcomes(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const Services *services = service;
	Response response = PARLEY__DESIGN__V1__IMPORT_OUTCOMES_RESPONSE__INIT;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	Import import = {.services = services,
	        .request = (const Request *)request,
	        .arena = arena,
	        .now_us = clock_now_us(services->clock)};
	Err e = arena ? run(&import, &response) : outcome_no_memory();
	rpc_answer(call, e, &response.base);
}
