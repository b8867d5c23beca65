#include "bank_visit.h"

#include "base/clock.h"

#include "parley/runtime/v1/interaction.pb-c.h"

#define MESSAGE(name)     Parley__Runtime__V1__##name
#define INIT(initialiser) PARLEY__RUNTIME__V1__##initialiser##__INIT

typedef MESSAGE(GetOffersResponse) OffersResponse;
typedef MESSAGE(StartSessionResponse) StartResponse;

enum { SESSION_ID_SIZE = 64, CODE_SIZE = 80 };

static const char *const points[VISIT_POINTS] = {"home-banner", "adviser-desk"};

// A visit's progress. Events that were acknowledged stay so when the session is opened anew.
typedef struct Visit {
	const VisitWorld *world;
	VisitLog *log;
	Arena *arena;
	long customer;
	int attempt; // sessions so far
	int64_t deadline_us;
	char session_id[SESSION_ID_SIZE];
	struct {
		char treatment[CODE_SIZE], offer[CODE_SIZE];
		bool shown;
	} top[VISIT_POINTS];
	bool accepts, accepted;
	const StartResponse *started;
	const OffersResponse *offered;
} Visit;

static bool pause_is_over(const Visit *v)
{
	return touchpoint_gives_up(v->world->touchpoint, v->deadline_us);
}

static Err call(Visit *v, const char *method, const ProtobufCMessage *request, ProtobufCMessage **ret)
{
	return touchpoint_call(
	        v->world->touchpoint, v->world->client, method, request, v->deadline_us, v->arena, ret);
}

static bool has_advisory(MESSAGE(Advisory) * *advisories, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(advisories[i]->code, "PROFILE_", 8) == 0)
			return true;
	return false;
}

static Err end(Visit *v)
{
	MESSAGE(EndSessionRequest) request = INIT(END_SESSION_REQUEST);
	ProtobufCMessage *response;

	request.session_id = v->session_id;
	return call(v, "EndSession", &request.base, &response);
}

// Opens a session. One whose profile could not be loaded knows nothing of the customer: it is ended, and
// another tried.
static Err start(Visit *v)
{
	MESSAGE(StartSessionRequest) request = INIT(START_SESSION_REQUEST);
	MESSAGE(AudienceId) audience = INIT(AUDIENCE_ID);
	MESSAGE(NamedValue) key = INIT(NAMED_VALUE), *keys[] = {&key};
	MESSAGE(Value) value = INIT(VALUE);
	ProtobufCMessage *response;

	value.kind_case = PARLEY__RUNTIME__V1__VALUE__KIND_INT_VALUE;
	value.int_value = v->customer;
	key.name = "customer_id";
	key.value = &value;
	audience.level = "customer";
	audience.keys = keys;
	audience.n_keys = 1;
	request.channel = (char *)v->world->touchpoint->channel;
	request.audience = &audience;
	request.session_id = v->session_id;
	for (;;) {
		(void)snprintf(
		        v->session_id, sizeof(v->session_id), "bank-%ld-%d", v->customer, v->attempt++);
		TRY(call(v, "StartSession", &request.base, &response));
		v->started = (const StartResponse *)response;
		if (!has_advisory(v->started->advisories, v->started->n_advisories))
			return OK;
		if (pause_is_over(v))
			return err(ERR_UNAVAILABLE, "customer %ld: %s", v->customer,
			        v->started->advisories[0]->message);
		(void)end(v);
	}
}

static Err ask(Visit *v)
{
	MESSAGE(GetOffersRequest) request = INIT(GET_OFFERS_REQUEST);
	MESSAGE(PointRequest) asked[VISIT_POINTS], *list[VISIT_POINTS];
	ProtobufCMessage *response;

	for (size_t i = 0; i < VISIT_POINTS; i++) {
		asked[i] = (MESSAGE(PointRequest))INIT(POINT_REQUEST);
		asked[i].interaction_point = (char *)points[i];
		list[i] = &asked[i];
	}
	request.session_id = v->session_id;
	request.points = list;
	request.n_points = VISIT_POINTS;
	TRY(call(v, "GetOffers", &request.base, &response));
	v->offered = (const OffersResponse *)response;
	if (v->offered->n_points != VISIT_POINTS)
		return err(ERR_INTERNAL, "asked for %d points, got %zu", VISIT_POINTS, v->offered->n_points);
	for (size_t i = 0; i < VISIT_POINTS; i++) {
		bool any = v->offered->points[i]->n_offers > 0;

		(void)snprintf(v->top[i].treatment, CODE_SIZE, "%s",
		        any ? v->offered->points[i]->offers[0]->treatment_code : "");
		(void)snprintf(v->top[i].offer, CODE_SIZE, "%s",
		        any ? v->offered->points[i]->offers[0]->offer_code : "");
	}
	return OK;
}

// Posts an event about the top offer of a point, and writes it down once it is acknowledged.
static Err post(Visit *v, const char *event, const char *kind, size_t point)
{
	MESSAGE(PostEventRequest) request = INIT(POST_EVENT_REQUEST);
	ProtobufCMessage *response;
	char event_id[SESSION_ID_SIZE];

	(void)snprintf(event_id, sizeof(event_id), "%s-%ld-%s", kind, v->customer, points[point]);
	request.session_id = v->session_id;
	request.event_id = event_id;
	request.event = (char *)event;
	request.treatment_code = v->top[point].treatment;
	TRY(call(v, "PostEvent", &request.base, &response));
	(void)fprintf(v->log->events, "%s,%s,%ld,%s,%s\n", event_id, kind, v->customer, points[point],
	        v->top[point].offer);
	return OK;
}

static Err show(Visit *v)
{
	for (size_t i = 0; i < VISIT_POINTS; i++) {
		if (v->top[i].shown || !v->top[i].treatment[0])
			continue;
		TRY(post(v, "offer-shown", "contact", i));
		v->top[i].shown = true;
	}
	return OK;
}

// The accept is for the first point that had an offer.
static Err accept(Visit *v)
{
	size_t point = v->top[0].treatment[0] ? 0 : 1;

	if (!v->accepts || v->accepted || !v->top[point].treatment[0])
		return OK;
	TRY(post(v, "offer-accepted", "accept", point));
	v->accepted = true;
	return OK;
}

static Err through(Visit *v)
{
	TRY(start(v));
	TRY(ask(v));
	TRY(show(v));
	TRY(accept(v));
	return end(v);
}

static void write_down(const Visit *v)
{
	(void)fprintf(v->log->sessions, "%ld,", v->customer);
	for (size_t i = 0; i < v->started->n_segments; i++)
		(void)fprintf(v->log->sessions, "%s%s", i ? " " : "", v->started->segments[i]);
	(void)fprintf(v->log->sessions, "\n");
	for (size_t i = 0; i < VISIT_POINTS; i++) {
		const MESSAGE(PointOffers) *point = v->offered->points[i];

		(void)fprintf(v->log->offers, "%ld,%s,", v->customer, points[i]);
		if (point->n_offers > 0)
			(void)fprintf(v->log->offers, "%s,%.17g\n", point->offers[0]->offer_code,
			        point->offers[0]->score);
		else
			(void)fprintf(v->log->offers, ",\n");
	}
}

static bool session_is_lost(Err e)
{
	return e == ERR_SESSION_UNKNOWN || e == ERR_TREATMENT_UNKNOWN;
}

Err visit(const VisitWorld *world, VisitLog *log, long customer, bool accepts, Arena *arena)
{
	Visit v = {.world = world,
	        .log = log,
	        .arena = arena,
	        .customer = customer,
	        .accepts = accepts,
	        .deadline_us = monotonic_us() + world->touchpoint->patience_ms * US_PER_MS};
	Err e;

	while (session_is_lost(e = through(&v)) && !pause_is_over(&v))
		atomic_fetch_add(&world->counters->reopened, 1);
	if (e != OK)
		return err_context(e, "customer %ld", customer);
	write_down(&v);
	atomic_fetch_add(&world->counters->sessions, 1);
	return OK;
}
