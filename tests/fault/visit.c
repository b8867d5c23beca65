// Whether an event that failed was taken, nobody knows: it is sent again under its ID and with the treatment
// that it quoted at first, also in another session. So whatever is acknowledged has one set of facts only.
#include "visit.h"

#include "base/clock.h"

#include "parley/runtime/v1/interaction.pb-c.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE(name)     Parley__Runtime__V1__##name
#define INIT(initialiser) PARLEY__RUNTIME__V1__##initialiser##__INIT

enum {
	CALL_TIMEOUT_MS = 3000,
	PAUSE_US = 10 * 1000,
	VISITORS = 5000,
	EVENTS_MOST = 4, // rounds of offers in one visit
	ID_SIZE = 128,
	CODE_SIZE = 80,
	LEVEL_KEYS = 4,
};

typedef struct Visit {
	const VisitWorld *world;
	Ledger *ledger;
	Chance *chance;
	Arena *arena;
	int thread, sessions, events;
	long number, visitor;
	char session_id[ID_SIZE], treatment[CODE_SIZE], offer[CODE_SIZE];
} Visit;

// --- calls ---

// The server, its disk or its database is away, or has too much to do.
static bool passes(const VisitWorld *world, Err e)
{
	if (e == ERR_JOURNAL_FULL) {
		atomic_fetch_add(&world->totals->full, 1);
		if (err_detail()->retry_after_ms <= 0)
			atomic_fetch_add(&world->totals->no_pushback, 1);
		return true;
	}
	switch (err_status(e)) {
	case 1:  // CANCELLED
	case 2:  // UNKNOWN
	case 4:  // DEADLINE_EXCEEDED
	case 8:  // RESOURCE_EXHAUSTED
	case 14: // UNAVAILABLE
		return true;
	default:
		return false;
	}
}

// `again`, if not NULL, is written down whenever the outcome of a try is unknown.
static Err call(const Visit *v, const char *method, const ProtobufCMessage *request, const LedgerLine *again,
        ProtobufCMessage **ret)
{
	const VisitWorld *world = v->world;
	int64_t deadline_us = monotonic_us() + world->patience_us;

	for (;;) {
		Err e = rpc_call(world->client, &parley__runtime__v1__interaction_service__descriptor, method,
		        request, CALL_TIMEOUT_MS, v->arena, ret);

		if (e == OK || !passes(world, e) || monotonic_us() > deadline_us)
			return e;
		atomic_fetch_add(&world->totals->repeats, 1);
		if (again)
			TRY(ledger_write(v->ledger, again));
		(void)usleep(PAUSE_US);
	}
}

static Err start(Visit *v)
{
	MESSAGE(StartSessionRequest) request = INIT(START_SESSION_REQUEST);
	MESSAGE(AudienceId) audience = INIT(AUDIENCE_ID);
	MESSAGE(NamedValue) key = INIT(NAMED_VALUE), *keys[] = {&key};
	MESSAGE(Value) value = INIT(VALUE);
	ProtobufCMessage *response;

	(void)snprintf(v->session_id, sizeof(v->session_id), "%s-%d-%ld-%d", v->world->name, v->thread,
	        v->number, v->sessions++);
	value.kind_case = PARLEY__RUNTIME__V1__VALUE__KIND_INT_VALUE;
	value.int_value = v->visitor;
	key.name = "number";
	key.value = &value;
	audience.level = "visitor";
	audience.keys = keys;
	audience.n_keys = 1;
	request.channel = (char *)v->world->channel;
	request.audience = &audience;
	request.session_id = v->session_id;
	TRY(ledger_write(v->ledger, &(LedgerLine){"opened", v->session_id, "", v->visitor, "", ""}));
	return call(v, "StartSession", &request.base, NULL, &response);
}

// Goes on in a new session as long as the runtime keeps forgetting the old one.
static Err call_in_session(Visit *v, const char *method, const ProtobufCMessage *request,
        const LedgerLine *again, ProtobufCMessage **ret)
{
	Err e;

	while ((e = call(v, method, request, again, ret)) == ERR_SESSION_UNKNOWN) {
		atomic_fetch_add(&v->world->totals->reopened, 1);
		TRY(start(v));
	}
	return e;
}

static bool says(const MESSAGE(GetOffersResponse) * answer, const char *code)
{
	for (size_t i = 0; i < answer->n_advisories; i++)
		if (strcmp(answer->advisories[i]->code, code) == 0)
			return true;
	return false;
}

// Whether the answer was not recorded.
static bool is_paused(const Visit *v, const MESSAGE(GetOffersResponse) * answer)
{
	bool paused = says(answer, "HISTORY_PAUSED");

	if (paused)
		atomic_fetch_add(&v->world->totals->paused, 1);
	else if (says(answer, "EVENTS_PAUSED"))
		atomic_fetch_add(&v->world->totals->crowded, 1);
	return paused;
}

static Err ask(Visit *v)
{
	MESSAGE(GetOffersRequest) request = INIT(GET_OFFERS_REQUEST);
	MESSAGE(PointRequest) point = INIT(POINT_REQUEST), *points[] = {&point};
	ProtobufCMessage *response;
	const MESSAGE(GetOffersResponse) * answer;

	point.interaction_point = chance_once_in(v->chance, 2) ? "first" : "second";
	point.max_offers = 2;
	request.session_id = v->session_id;
	request.points = points;
	request.n_points = 1;
	TRY(call_in_session(v, "GetOffers", &request.base, NULL, &response));
	answer = (const MESSAGE(GetOffersResponse) *)response;
	if (is_paused(v, answer))
		return OK; // what is not recorded is not expected in the history
	for (size_t i = 0; i < answer->points[0]->n_offers; i++) {
		const MESSAGE(Offer) *offer = answer->points[0]->offers[i];

		TRY(ledger_write(v->ledger, &(LedgerLine){"offered", offer->treatment_code, "", v->visitor,
		                                    offer->treatment_code, offer->offer_code}));
		if (i == 0) {
			(void)snprintf(v->treatment, CODE_SIZE, "%s", offer->treatment_code);
			(void)snprintf(v->offer, CODE_SIZE, "%s", offer->offer_code);
		}
	}
	return OK;
}

static Err acknowledged(Visit *v, LedgerLine *line, bool duplicate)
{
	line->what = "acked";
	TRY(ledger_acked(v->ledger, line));
	atomic_fetch_add(&v->world->totals->acked, 1);
	if (duplicate)
		atomic_fetch_add(&v->world->totals->duplicates, 1);
	return OK;
}

// Posts one event and writes it down once it is acknowledged. *known is false if its treatment is not.
static Err post(Visit *v, const char *event, const char *kind, bool *known)
{
	MESSAGE(PostEventRequest) request = INIT(POST_EVENT_REQUEST);
	ProtobufCMessage *response;
	char id[ID_SIZE];
	bool plain = strcmp(kind, "event") == 0;
	LedgerLine line = {"sent", id, kind, v->visitor, plain ? "" : v->treatment, plain ? "" : v->offer};
	LedgerLine again = line;
	Err e;

	(void)snprintf(id, sizeof(id), "%s-%d-%ld-e%d", v->world->name, v->thread, v->number, v->events++);
	again.what = "again";
	request.session_id = v->session_id;
	request.event_id = id;
	request.event = (char *)event;
	request.treatment_code = (char *)line.treatment;
	TRY(ledger_write(v->ledger, &line));
	e = call_in_session(v, "PostEvent", &request.base, &again, &response);
	*known = e != ERR_TREATMENT_UNKNOWN;
	if (!*known) {
		atomic_fetch_add(&v->world->totals->abandoned, 1);
		return OK;
	}
	TRY(e);
	return acknowledged(v, &line, ((const MESSAGE(PostEventResponse) *)response)->duplicate);
}

// The same without a session: an answer that comes late. Whether its treatment is known does not matter.
static Err respond(Visit *v)
{
	MESSAGE(PostResponseRequest) request = INIT(POST_RESPONSE_REQUEST);
	ProtobufCMessage *response;
	char id[ID_SIZE];
	LedgerLine line = {"sent", id, "late", v->visitor, v->treatment, v->offer}, again = line;

	(void)snprintf(id, sizeof(id), "%s-%d-%ld-e%d", v->world->name, v->thread, v->number, v->events++);
	again.what = "again";
	request.event_id = id;
	request.channel = (char *)v->world->channel;
	request.code_case = PARLEY__RUNTIME__V1__POST_RESPONSE_REQUEST__CODE_TREATMENT_CODE;
	request.treatment_code = v->treatment;
	request.response = "reject";
	TRY(ledger_write(v->ledger, &line));
	TRY(call(v, "PostResponse", &request.base, &again, &response));
	return acknowledged(v, &line, ((const MESSAGE(PostResponseResponse) *)response)->duplicate);
}

static Err show_and_answer(Visit *v)
{
	bool known = false;

	v->treatment[0] = 0;
	TRY(ask(v));
	if (v->treatment[0])
		TRY(post(v, "shown", "contact", &known));
	if (known && chance_once_in(v->chance, 3))
		TRY(post(v, "accepted", "accept", &known));
	else if (known && chance_once_in(v->chance, 4))
		TRY(post(v, "declined", "reject", &known));
	if (v->treatment[0] && chance_once_in(v->chance, 5))
		TRY(respond(v));
	if (chance_once_in(v->chance, 2))
		TRY(post(v, "looked", "event", &known));
	return OK;
}

Err visit(const VisitWorld *world, Ledger *ledger, Chance *chance, int thread, long number, Arena *arena)
{
	MESSAGE(EndSessionRequest) end = INIT(END_SESSION_REQUEST);
	Visit v = {.world = world,
	        .ledger = ledger,
	        .chance = chance,
	        .arena = arena,
	        .thread = thread,
	        .number = number,
	        .visitor = 1 + (long)chance_below(chance, VISITORS)};
	ProtobufCMessage *response;
	uint32_t rounds = 1 + chance_below(chance, EVENTS_MOST);
	Err e;

	TRY(start(&v));
	for (uint32_t i = 0; i < rounds; i++)
		TRY(show_and_answer(&v));
	end.session_id = v.session_id;
	e = call(&v, "EndSession", &end.base, NULL, &response);
	atomic_fetch_add(&world->totals->visits, 1);
	return e == ERR_SESSION_UNKNOWN ? OK : e;
}

Err visit_mark(const VisitWorld *world, Ledger *ledger, int thread, Arena *arena)
{
	Visit v = {.world = world, .ledger = ledger, .arena = arena, .thread = thread, .visitor = 1};
	bool known;

	TRY(start(&v));
	return post(&v, "looked", "event", &known);
}

// --- filling ---

static Err start_long(Visit *v)
{
	static char text[] = "long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-"
	                     "long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-"
	                     "long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-";
	static const char *const names[LEVEL_KEYS] = {"a", "b", "c", "d"};
	MESSAGE(StartSessionRequest) request = INIT(START_SESSION_REQUEST);
	MESSAGE(AudienceId) audience = INIT(AUDIENCE_ID);
	MESSAGE(NamedValue) key[LEVEL_KEYS], *keys[LEVEL_KEYS];
	MESSAGE(Value) value = INIT(VALUE);
	ProtobufCMessage *response;

	value.kind_case = PARLEY__RUNTIME__V1__VALUE__KIND_STRING_VALUE;
	value.string_value = text;
	for (int i = 0; i < LEVEL_KEYS; i++) {
		key[i] = (MESSAGE(NamedValue))INIT(NAMED_VALUE);
		key[i].name = (char *)names[i];
		key[i].value = &value;
		keys[i] = &key[i];
	}
	audience.level = "bulky";
	audience.keys = keys;
	audience.n_keys = LEVEL_KEYS;
	(void)snprintf(v->session_id, sizeof(v->session_id), "%s-%d-fill", v->world->name, v->thread);
	request.channel = (char *)v->world->channel;
	request.audience = &audience;
	request.session_id = v->session_id;
	return call(v, "StartSession", &request.base, NULL, &response);
}

Err visit_fill(const VisitWorld *world, int thread, const atomic_bool *stop, Arena *arena)
{
	enum { POINTS = 16 };
	static const int64_t LASTING_US = US_PER_S;
	MESSAGE(GetOffersRequest) request = INIT(GET_OFFERS_REQUEST);
	MESSAGE(PointRequest) point = INIT(POINT_REQUEST), *points[POINTS];
	Visit v = {.world = world, .arena = arena, .thread = thread};
	ProtobufCMessage *response;

	point.interaction_point = "first";
	for (int i = 0; i < POINTS; i++)
		points[i] = &point;
	request.points = points;
	request.n_points = POINTS;
	TRY(start_long(&v));
	request.session_id = v.session_id;
	for (int64_t since_us = monotonic_us();
	        monotonic_us() - since_us < LASTING_US && !atomic_load(stop);) {
		arena_reset(arena);
		TRY(call(&v, "GetOffers", &request.base, NULL, &response));
		atomic_fetch_add(&world->totals->visits, 1);
		if (!is_paused(&v, (const MESSAGE(GetOffersResponse) *)response))
			since_us = monotonic_us();
	}
	return OK;
}
