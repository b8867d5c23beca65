#include "load/visit.h"

#include "base/mix.h"
#include "connect.h"
#include "parley/runtime/v1/interaction.pb-c.h"
#include "rpc/rpc.h"
#include "touchpoint/value.h"

#include <inttypes.h>
#include <math.h>
#include <unistd.h>

enum { CALL_MS = 5000 };

#define SERVICE (&parley__runtime__v1__interaction_service__descriptor)

// --- chance ---

double load_dice(uint64_t *state)
{
	return (double)(mix64(*state += MIX_STEP) >> 11) * 0x1p-53;
}

void visit_begin(const LoadPlan *plan, uint64_t dice, int64_t number, int64_t due_us, Visit *ret)
{
	const Mix *mix = &plan->mix;
	size_t kind = 0;

	*ret = (Visit){.due_us = due_us, .dice = dice};
	double place = load_dice(&ret->dice) * mix->weight;
	while (kind + 1 < mix->count && (place -= mix->visits[kind].weight) >= 0)
		kind++;
	ret->kind = &mix->visits[kind];
	ret->visitor = (int64_t)(load_dice(&ret->dice) * (double)plan->visitors) + 1;
	snprintf(ret->session, sizeof ret->session, "load-%lld-%" PRId64, (long long)getpid(), number);
}

// The step that is due, NULL for the start and the end.
static const MixStep *step_of(const Visit *visit)
{
	return visit->step > 0 && visit->step <= visit->kind->step_count
	               ? &visit->kind->steps[visit->step - 1]
	               : NULL;
}

bool visit_is_over(const Visit *visit)
{
	return visit->step > visit->kind->step_count + 1;
}

// Goes to the next step that chance and what was offered allow. The pause before one that is left out is not
// kept.
static void advance(Visit *visit)
{
	const MixStep *step;

	do {
		visit->step++;
		step = step_of(visit);
	} while (step && (load_dice(&visit->dice) >= step->chance ||
	                         (step->event && step->about_offer && !visit->treatment[0])));
}

void visit_think(Visit *visit, int64_t now_us)
{
	const MixStep *step = step_of(visit);
	double mean = step ? (double)step->think_us : 0;

	visit->due_us = now_us + (int64_t)(-log(1 - load_dice(&visit->dice)) * mean);
}

// --- calls ---

static Err audience_of(const char *pattern, int64_t number, Arena *arena, ProtobufCMessage **ret)
{
	const char *at = strstr(pattern, "{n}");
	const char *text =
	        at ? arena_printf(arena, "%.*s%" PRId64 "%s", (int)(at - pattern), pattern, number, at + 3)
	           : pattern;
	CLEANUP(json_decrefp_) json_t *json = NULL;

	TRY(audience_parse(str(text), arena, &json));
	return json_to_message(json, &parley__runtime__v1__audience_id__descriptor, arena, ret);
}

static Err start_session(Visiting *in, const Visit *visit)
{
	Parley__Runtime__V1__StartSessionRequest request = PARLEY__RUNTIME__V1__START_SESSION_REQUEST__INIT;
	ProtobufCMessage *audience, *response;

	TRY(audience_of(in->plan->audience, visit->visitor, in->arena, &audience));
	request.session_id = (char *)(uintptr_t)visit->session;
	request.channel = (char *)(uintptr_t)in->plan->channel;
	request.audience = (void *)audience;
	return rpc_call(in->client, SERVICE, "StartSession", &request.base, CALL_MS, in->arena, &response);
}

static Err end_session(Visiting *in, const Visit *visit)
{
	Parley__Runtime__V1__EndSessionRequest request = PARLEY__RUNTIME__V1__END_SESSION_REQUEST__INIT;
	ProtobufCMessage *response;

	request.session_id = (char *)(uintptr_t)visit->session;
	return rpc_call(in->client, SERVICE, "EndSession", &request.base, CALL_MS, in->arena, &response);
}

static void keep_answer(Visiting *in, Visit *visit, const Parley__Runtime__V1__GetOffersResponse *answer)
{
	visit->treatment[0] = '\0';
	for (size_t i = 0; i < answer->n_points && !visit->treatment[0]; i++)
		if (answer->points[i]->n_offers)
			snprintf(visit->treatment, sizeof visit->treatment, "%s",
			        answer->points[i]->offers[0]->treatment_code);
	if (answer->snapshot)
		snprintf(in->digest, sizeof in->digest, "%s", answer->snapshot->digest);
}

static Err get_offers(Visiting *in, Visit *visit, const MixStep *step)
{
	Parley__Runtime__V1__GetOffersRequest request = PARLEY__RUNTIME__V1__GET_OFFERS_REQUEST__INIT;
	Parley__Runtime__V1__PointRequest points[MIX_POINTS_MAX], *list[MIX_POINTS_MAX];
	ProtobufCMessage *response;

	for (size_t i = 0; i < step->point_count; i++) {
		parley__runtime__v1__point_request__init(&points[i]);
		points[i].interaction_point = (char *)(uintptr_t)step->points[i];
		points[i].max_offers = step->max;
		list[i] = &points[i];
	}
	request.session_id = visit->session;
	request.points = list;
	request.n_points = step->point_count;
	TRY(rpc_call(in->client, SERVICE, "GetOffers", &request.base, CALL_MS, in->arena, &response));
	keep_answer(in, visit, (const void *)response);
	return OK;
}

static Err post_event(Visiting *in, Visit *visit, const MixStep *step)
{
	Parley__Runtime__V1__PostEventRequest request = PARLEY__RUNTIME__V1__POST_EVENT_REQUEST__INIT;
	ProtobufCMessage *response;

	request.session_id = visit->session;
	request.event_id = arena_printf(in->arena, "%s-%zu", visit->session, visit->step);
	request.event = (char *)(uintptr_t)step->event;
	if (step->about_offer)
		request.treatment_code = visit->treatment;
	return request.event_id ? rpc_call(in->client, SERVICE, "PostEvent", &request.base, CALL_MS,
	                                  in->arena, &response)
	                        : err(ERR_NO_MEMORY, "no memory for a call");
}

Err visit_call(Visiting *in, Visit *visit, LoadCall *ret_call)
{
	const MixStep *step = step_of(visit);
	Err e;

	if (visit->step == 0) {
		*ret_call = LOAD_START;
		e = start_session(in, visit);
	} else if (!step) {
		*ret_call = LOAD_END;
		e = end_session(in, visit);
	} else if (step->event) {
		*ret_call = LOAD_EVENT;
		e = post_event(in, visit, step);
	} else {
		*ret_call = LOAD_OFFERS;
		e = get_offers(in, visit, step);
	}
	advance(visit);
	return e;
}

void visit_leave(Visiting *in, Visit *visit)
{
	if (visit->step > 0 && !visit_is_over(visit))
		(void)end_session(in, visit);
}
