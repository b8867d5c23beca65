// postEvent: check, know it again if it comes twice, record, and answer when the record is on disk. The
// session is free for the next call as soon as the record is in the journal's hands; the journal keeps their
// order.
#include "service/inflight.h"
#include "service/map.h"
#include "service/record.h"
#include "service/turn.h"

#define ACTION(name) PARLEY__SNAPSHOT__V1__EVENT_ACTION_KIND__EVENT_ACTION_KIND_##name

static bool has_action(const Parley__Snapshot__V1__Event *event, Parley__Snapshot__V1__EventActionKind kind)
{
	for (size_t i = 0; i < event->n_actions; i++)
		if (event->actions[i]->kind == kind)
			return true;
	return false;
}

static bool needs_treatment(const Parley__Snapshot__V1__Event *event)
{
	return has_action(event, ACTION(LOG_CONTACT)) || has_action(event, ACTION(LOG_ACCEPT)) ||
	       has_action(event, ACTION(LOG_REJECT));
}

// What the event says, checked against the session.
typedef struct Report {
	int event;
	const Parley__Snapshot__V1__Event *declared;
	TreatmentFacts treatment;
	Parameters parameters;
} Report;

static Err check_treatment(const Session *session, const PostEventRequest *in, Report *report)
{
	Str code = str(in->treatment_code);
	report->treatment = (TreatmentFacts){0};
	if (code.len == 0 && needs_treatment(report->declared))
		return err_at(ERR_TREATMENT_MISSING, "treatment_code",
		        "event %s logs a contact or response; quote the treatment code of the offer it is "
		        "about",
		        in->event);
	if (code.len == 0)
		return OK;
	const Treatment *treatment = session_treatment(session, code);
	if (treatment == NULL)
		return err_at(ERR_TREATMENT_UNKNOWN, "treatment_code",
		        "the session has no treatment %.32s; quote a code that getOffers returned to this "
		        "session",
		        code.ptr);
	report->treatment = session_treatment_facts(session, treatment);
	return OK;
}

static Err check_report(const Turn *turn, const PostEventRequest *in, Report *report)
{
	const Session *session = turn->session;
	report->event = plan_event(session->plan, str(in->event));
	if (report->event < 0)
		return err_at(ERR_EVENT_UNKNOWN, "event", "the channel has no event \"%.128s\"", in->event);
	report->declared = plan_snapshot(session->plan)->events[report->event];
	TRY(check_treatment(session, in, report));
	return check_parameters(session->plan, session->level, in->parameters, in->n_parameters, turn->arena,
	        &report->parameters);
}

static Err prepare_answer(Turn *turn, PendingEvent **ret)
{
	const PostEventRequest *in = turn->request;
	PendingEvent *pending = ARENA_NEW(turn->arena, PendingEvent);
	PostEventResponse *out = message_new(turn->arena, MESSAGE_OF(post_event_response));
	if (pending == NULL || out == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	TRY(map_version(turn->session->pin, turn->arena, &out->snapshot));
	*pending = (PendingEvent){.key = service_event_key(turn->service, str(in->event_id)),
	        .reply = turn->reply,
	        .response = out};
	*ret = pending;
	return OK;
}

static void put_advisories(const Turn *turn, PostEventResponse *out)
{
	out->n_advisories = advisories_map(&turn->advisories, turn->arena, &out->advisories);
}

static void on_disk(void *context, Err result)
{
	inflight_settle(context, result);
}

// The event is new to the session. After the append the call may be gone at any moment.
static Err take(Turn *turn, const Report *report, PendingEvent *pending, Outcome *outcome)
{
	Session *session = turn->session;
	EventKey key = pending->key;
	TRY(session_event_reserve(session));
	TRY(turn_apply(turn, &report->parameters));
	if (has_action(report->declared, ACTION(RESEGMENT)))
		session_segment(session, turn->now_us, turn->arena);
	outcome->end = TURN_LATER;
	if (inflight_join(turn->service->events, pending, true))
		return OK; // posted in another session at this very moment
	Err e = record_event(turn->service, session, turn->now_us, turn->request, report->event,
	        &report->treatment, turn->arena, on_disk, pending);
	if (e != OK)
		return inflight_abandon(pending, e);
	session_event_remember(session, key);
	return OK;
}

// Whether the event has been taken before; then *outcome says what becomes of the call.
static bool known_already(const Turn *turn, PendingEvent *pending, Outcome *outcome)
{
	InFlight *events = turn->service->events;
	uint64_t failures = inflight_failures(events);
	if (!session_event_seen(turn->session, failures, pending->key))
		return false;
	outcome->end = TURN_LATER;
	if (inflight_join(events, pending, false))
		return true; // still on its way
	pending->response->duplicate = true;
	*outcome = (Outcome){TURN_REPLY, pending->response};
	return inflight_failures(events) == failures;
}

static Err post_event(Turn *turn, Outcome *outcome)
{
	PendingEvent *pending = NULL;
	Report report;
	TRY(prepare_answer(turn, &pending));
	put_advisories(turn, pending->response);
	if (known_already(turn, pending, outcome))
		return OK;
	pending->response->duplicate = false;
	TRY(turn_sequence(turn)); // not before: an event may come again with its number
	put_advisories(turn, pending->response);
	TRY(check_report(turn, turn->request, &report));
	return take(turn, &report, pending, outcome);
}

static Err check(const void *request)
{
	const PostEventRequest *in = request;
	TRY(check_id("event_id", in->event_id));
	return check_id("event", in->event);
}

const Command post_event_command = {.check = check, .step = post_event, .checks_late = true};

void handle_post_event(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const PostEventRequest *in = (const PostEventRequest *)request;
	turn_take(service, call, in, in->session_id, in->sequence, &post_event_command);
}
