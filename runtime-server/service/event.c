// postEvent: check, know it again if it comes twice, do its actions on a copy, record, change the session,
// and answer when all records are on disk. The session is free for the next call as soon as the records are
// in the journal's hands; the journal keeps their order.
#include "service/actions.h"
#include "service/inflight.h"
#include "service/map.h"
#include "service/record.h"
#include "service/turn.h"

// --- what the event is about ---

// Whether an action cannot be done without a treatment. A conditional one, or one for other visitors, says
// so when it comes to it.
static bool needs_treatment(const EventAction *action)
{
	bool logs = action->kind == ACTION_KIND(LOG_CONTACT) || action->kind == ACTION_KIND(LOG_ACCEPT) ||
	            action->kind == ACTION_KIND(LOG_REJECT) || action->kind == ACTION_KIND(LOG_OUTCOME);
	bool marks =
	        action->kind == ACTION_KIND(QUALIFY_OFFERS) || action->kind == ACTION_KIND(SUPPRESS_OFFERS);
	return (logs || (marks && action->n_offers == 0)) && action->audience_level == 0;
}

static bool event_needs_treatment(const Event *event)
{
	for (size_t i = 0; i < event->n_actions; i++)
		if (needs_treatment(event->actions[i]))
			return true;
	return false;
}

// What the event says, checked against the session.
typedef struct Report {
	uint32_t event;
	Quoted quoted;
	Parameters parameters;
} Report;

static Err treatment_unknown(Str code)
{
	return err_at(ERR_TREATMENT_UNKNOWN, "treatment_code",
	        "no treatment %.32s is known here; quote a code that getOffers returned lately, or report "
	        "what came of an older one by postResponse",
	        code.ptr);
}

// A treatment of another session, or of one that ended: if it was another visitor's, it counts for that one.
static Err find_treatment(const Turn *turn, Str code, Quoted *ret)
{
	const Session *session = turn->session;
	const Snapshot *snapshot = plan_snapshot(session->plan);
	VisitorTreatment found;
	Err e = visitors_treatment(turn->service->options.visitors, code, turn->now_us, turn->arena, &found);
	if (e == ERR_TREATMENT_UNKNOWN || (e == OK && strcmp(found.channel, snapshot->channel) != 0))
		return treatment_unknown(code);
	if (e != OK)
		return e;
	ret->facts = (TreatmentFacts){
	        .offer_code = str(found.offer),
	        .rule = str(found.rule),
	        .segment = str(found.segment),
	        .point = str(found.point),
	        .zone = str(found.zone),
	        .campaign = str(found.campaign),
	        .cell = str(found.cell),
	};
	if (strcmp(found.audience_level, snapshot->audience_levels[session->level]->name) == 0 &&
	        str_eq(str(found.audience_id), session->audience_id))
		return OK;
	ret->level = str(found.audience_level);
	ret->audience_id = str(found.audience_id);
	return OK;
}

static Err check_treatment(const Turn *turn, const PostEventRequest *in, const Event *event, Quoted *ret)
{
	Str code = str(in->treatment_code);
	*ret = (Quoted){.code = code};
	if (code.len == 0 && event_needs_treatment(event))
		return err_at(ERR_TREATMENT_MISSING, "treatment_code",
		        "event %s logs a contact or response, or is about an offer; quote the treatment code "
		        "of "
		        "the offer",
		        in->event);
	if (code.len == 0)
		return OK;
	const ServiceOptions *options = &turn->service->options;
	if (options->treatment != NULL)
		return options->treatment(options->decision_context, code, &ret->facts)
		               ? OK
		               : treatment_unknown(code);
	const Treatment *treatment = session_treatment(turn->session, code);
	if (treatment == NULL)
		return find_treatment(turn, code, ret);
	ret->facts = session_treatment_facts(turn->session, treatment);
	return OK;
}

static Err check_report(const Turn *turn, const PostEventRequest *in, Report *report)
{
	const Session *session = turn->session;
	int event = plan_event(session->plan, str(in->event));
	if (event < 0)
		return err_at(ERR_EVENT_UNKNOWN, "event", "the channel has no event \"%.128s\"", in->event);
	report->event = (uint32_t)event;
	TRY(check_treatment(turn, in, plan_snapshot(session->plan)->events[event], &report->quoted));
	return check_parameters(session->plan, session->level, in->parameters, in->n_parameters, turn->arena,
	        &report->parameters);
}

// --- taking it ---

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
	        .response = &out->base,
	        .duplicate = &out->duplicate};
	*ret = pending;
	return OK;
}

static void put_advisories(const Turn *turn, const PendingEvent *pending)
{
	PostEventResponse *out = (PostEventResponse *)(uintptr_t)pending->response;
	out->n_advisories = advisories_map(&turn->advisories, turn->arena, &out->advisories);
}

static void on_disk(void *context, Err result)
{
	inflight_settle(context, result);
}

// The event's own record has been taken. What followed from it is recorded behind it, and waited for too.
static void record_others(Turn *turn, const EventRecord *record, PendingEvent *pending)
{
	for (; record != NULL; record = record->next) {
		if (!actions_tells(record))
			continue;
		inflight_wait_more(pending);
		Err e = record_event(turn->service, turn->session, turn->now_us,
		        (EventPosted *)&record->message, turn->arena, on_disk, pending);
		if (e == OK)
			continue;
		inflight_settle(pending, OK);
		advise(&turn->advisories, ADVISORY_HISTORY_PAUSED, STR(""));
	}
}

static Err do_actions(Turn *turn, const Report *report, Actions *actions)
{
	const PostEventRequest *in = turn->request;
	TRY(session_event_reserve(turn->session));
	actions_set_all(actions, &report->parameters);
	TRY(actions_post(actions, report->event, in->event_id, &report->quoted));
	return actions_prepare(actions);
}

// Nothing has been changed if this fails.
static Err take(Turn *turn, const Report *report, PendingEvent *pending)
{
	Actions actions;
	TRY(actions_begin(
	        &actions, turn->service, turn->session, turn->now_us, turn->arena, &turn->advisories));
	Err e = do_actions(turn, report, &actions);
	pending->wait = trace_span_within(turn->span, "journal commit", turn->arena);
	if (e == OK)
		e = record_event(turn->service, turn->session, turn->now_us, &actions.records->message,
		        turn->arena, on_disk, pending);
	if (e != OK) {
		actions_drop(&actions);
		return e;
	}
	record_others(turn, actions.records->next, pending);
	actions_commit(&actions);
	session_event_remember(turn->session, pending->key);
	return OK;
}

// The event is new to the session. When it has been settled the call may be gone.
static Err lead(Turn *turn, const Report *report, PendingEvent *pending, Outcome *outcome)
{
	outcome->end = TURN_LATER;
	if (inflight_join(turn->service->events, pending, true))
		return OK;           // posted in another session at this very moment
	inflight_wait_more(pending); // until the answer is complete
	Err e = take(turn, report, pending);
	if (e != OK)
		return inflight_abandon(pending, e);
	put_advisories(turn, pending);
	inflight_settle(pending, OK);
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
	*pending->duplicate = true;
	*outcome = (Outcome){TURN_REPLY, pending->response};
	return inflight_failures(events) == failures;
}

static Err post_event(Turn *turn, Outcome *outcome)
{
	PendingEvent *pending = NULL;
	Report report;
	TRY(prepare_answer(turn, &pending));
	put_advisories(turn, pending);
	if (known_already(turn, pending, outcome))
		return OK;
	*pending->duplicate = false;
	TRY(turn_sequence(turn)); // not before: an event may come again with its number
	TRY(check_report(turn, turn->request, &report));
	return lead(turn, &report, pending, outcome);
}

static Err check(const void *request)
{
	const PostEventRequest *in = request;
	TRY(check_own_id("event_id", in->event_id));
	return check_id("event", in->event);
}

const Command post_event_command = {.check = check, .step = post_event, .checks_late = true};

void handle_post_event(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const PostEventRequest *in = (const PostEventRequest *)request;
	turn_take(service, call, in, in->session_id, in->sequence, &post_event_command);
}
