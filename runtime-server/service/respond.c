// Whatever can be told from the request and the deployed channel is refused at once; whether the code leads
// to a treatment is not, because another server may have issued it: the response is recorded and the design
// server looks for it.
#include "service/respond.h"

#include "service/advisory.h"
#include "service/inflight.h"
#include "service/recent.h"
#include "service/value.h"

typedef Parley__Journal__V1__Context Context;
typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Journal__V1__ResponsePosted ResponsePosted;

// A touchpoint's clock may be a little ahead of this server's.
static const int64_t AHEAD_US = 60 * US_PER_S;
static const int64_t TIME_LEAST_US = INT64_C(946684800) * US_PER_S; // 2000-01-01, as in history

// A response on its way; in the call's arena.
typedef struct Posting {
	Reply reply; // first: settles `pending`
	PendingEvent pending;
	Reply *caller;
	Service *service;
	const LateResponse *in;
	Arena *arena;
	int64_t now_us;
	PostResponseResponse *out;
	ResponsePosted posted;
	Effect effect;
	Effect *effects[1];
	Context context;
} Posting;

// --- what it may hold ---

static Err check_text(const char *field, const char *text, size_t most)
{
	size_t len = strlen(text);
	if (len == 0)
		return err_at(ERR_FIELD_MISSING, field, "%s is missing; give 1 to %zu bytes", field, most);
	if (len > most)
		return err_at(ERR_FIELD_INVALID, field, "%s has %zu bytes; 1 to %zu are possible", field, len,
		        most);
	return OK;
}

static const char *code_field(Parley__Journal__V1__ResponseCode kind)
{
	return kind == RESPONSE_CODE(TREATMENT) ? "treatment_code"
	       : kind == RESPONSE_CODE(OFFER)   ? "offer_code"
	                                        : "custom_code";
}

static Err check_time(int64_t responded_us, int64_t now_us)
{
	if (responded_us != 0 && responded_us < TIME_LEAST_US)
		return err_at(ERR_FIELD_INVALID, "time", "the response is of a time before the year 2000");
	if (responded_us > now_us + AHEAD_US)
		return err_at(ERR_FIELD_INVALID, "time",
		        "the response is of a time in the future; leave it out for now, or set the clock "
		        "that it "
		        "comes from");
	return OK;
}

static Err check_fields(const LateResponse *in, int64_t now_us)
{
	TRY(check_own_id("event_id", in->event_id));
	TRY(check_id("channel", in->channel));
	if (in->code_kind == RESPONSE_CODE(UNSPECIFIED))
		return err_at(ERR_FIELD_MISSING, "treatment_code",
		        "say what the response is to: a treatment_code, an offer_code or a custom_code");
	TRY(check_text(code_field(in->code_kind), in->code, RESPONSE_CODE_MAX));
	if (in->code_kind == RESPONSE_CODE(OFFER) && in->audience == NULL)
		return err_at(ERR_FIELD_MISSING, "audience",
		        "with an offer code, say who responded: the treatment is looked for among what this "
		        "visitor was shown");
	if (in->code_kind == RESPONSE_CODE(TREATMENT) && in->audience != NULL)
		return err_at(ERR_FIELD_INVALID, "audience",
		        "a treatment code says who was offered it; leave the audience out");
	TRY(check_text("response", in->response, RESPONSE_MAX));
	return check_time(in->responded_us, now_us);
}

// --- what is recorded ---

static void put_context(Posting *posting, const Deployed *deployed)
{
	Context *context = &posting->context;
	parley__journal__v1__context__init(context);
	context->channel = (char *)posting->in->channel;
	context->snapshot_version = deployed_version(deployed);
	context->snapshot_digest.data = (uint8_t *)deployed_digest(deployed)->bytes;
	context->snapshot_digest.len = sizeof deployed_digest(deployed)->bytes;
	context->time_us = posting->now_us;
	context->trace_context.data = (uint8_t *)(uintptr_t)trace_span_ids(posting->in->span).ptr;
	context->trace_context.len = trace_span_ids(posting->in->span).len;
}

static Err put_audience(Posting *posting, const Plan *plan)
{
	Audience audience;
	if (posting->in->audience == NULL)
		return OK;
	TRY(check_audience(plan, posting->in->audience, posting->arena, &audience));
	posting->context.audience_level = plan_snapshot(plan)->audience_levels[audience.level]->name;
	posting->context.audience_id = arena_cstr(posting->arena, audience.id);
	return posting->context.audience_id != NULL ? OK
	                                            : err(ERR_NO_MEMORY, "no memory for the audience's ID");
}

// An outcome of another type than these means nothing to visitor state: what it counts as, the design server
// knows.
static void put_effect(Posting *posting)
{
	bool accept = strcmp(posting->in->response, "accept") == 0;
	if (!accept && strcmp(posting->in->response, "reject") != 0)
		return;
	parley__journal__v1__effect__init(&posting->effect);
	posting->effect.kind = accept ? PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_ACCEPT
	                              : PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_REJECT;
	posting->effect.offer_code = posting->posted.offer_code;
	posting->effects[0] = &posting->effect;
	posting->posted.effects = posting->effects;
	posting->posted.n_effects = 1;
}

// A treatment is its own channel's and snapshot's, whatever the request says of the channel.
static void put_treatment(Posting *posting, const VisitorTreatment *found)
{
	ResponsePosted *posted = &posting->posted;
	Context *context = &posting->context;
	context->channel = (char *)found->channel;
	context->audience_level = (char *)found->audience_level;
	context->audience_id = (char *)found->audience_id;
	context->snapshot_version = found->snapshot_version;
	context->snapshot_digest.data = (uint8_t *)(uintptr_t)found->snapshot_digest.ptr;
	context->snapshot_digest.len = found->snapshot_digest.len;
	posted->known = true;
	posted->recommended_us = found->time_us;
	posted->offer_code = (char *)found->offer;
	posted->treatment_rule = (char *)found->rule;
	posted->segment = (char *)found->segment;
	posted->interaction_point = (char *)found->point;
	posted->zone = (char *)found->zone;
	posted->campaign = (char *)found->campaign;
	posted->cell = (char *)found->cell;
	// One that says it came before the offer was made will not count: the design server tells why.
	if (posted->responded_us >= found->time_us - AHEAD_US)
		put_effect(posting);
}

static Err find_treatment(Posting *posting)
{
	VisitorTreatment found;
	if (posting->in->code_kind != RESPONSE_CODE(TREATMENT))
		return OK;
	Err e = visitors_treatment(posting->service->options.visitors, str(posting->in->code),
	        posting->now_us, posting->arena, &found);
	if (e == OK)
		put_treatment(posting, &found);
	return e == ERR_TREATMENT_UNKNOWN ? OK : e;
}

static Err put_entry(Posting *posting, const Deployed *deployed)
{
	const LateResponse *in = posting->in;
	ResponsePosted *posted = &posting->posted;
	parley__journal__v1__response_posted__init(posted);
	posted->event_id = (char *)in->event_id;
	posted->code_kind = in->code_kind;
	posted->code = (char *)in->code;
	posted->response = (char *)in->response;
	posted->responded_us = in->responded_us != 0 && in->responded_us < posting->now_us ? in->responded_us
	                                                                                   : posting->now_us;
	put_context(posting, deployed);
	TRY(put_audience(posting, deployed_plan(deployed)));
	return find_treatment(posting);
}

// --- taking it ---

// It is on disk, or could not be brought there.
static void settled(Reply *reply, Err result, const void *response)
{
	Posting *posting = (Posting *)reply;
	if (result == OK)
		recent_put(posting->service->responses, posting->pending.key);
	posting->caller->send(posting->caller, result, response);
}

static void on_disk(void *context, Err result)
{
	inflight_settle(context, result);
}

static Err record(Posting *posting, const Deployed *deployed)
{
	Advisories advisories = {0};
	TRY(put_entry(posting, deployed));
	if (!posting->posted.known) {
		advise(&advisories, ADVISORY_RESPONSE_LATE, STR(""));
		posting->out->n_advisories =
		        advisories_map(&advisories, posting->arena, &posting->out->advisories);
	}
	Entry entry = PARLEY__JOURNAL__V1__ENTRY__INIT;
	entry.context = &posting->context;
	entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_RESPONSE_POSTED;
	entry.response_posted = &posting->posted;
	trace_span_text(posting->in->span, "parley.channel", deployed_channel(deployed));
	posting->pending.wait = trace_span_within(posting->in->span, "journal commit", posting->arena);
	return visitors_record(posting->service->options.visitors, &entry, str(posting->in->event_id),
	        posting->arena, on_disk, &posting->pending);
}

// The first of its ID. When it has been recorded the call may be gone.
static Err lead(Posting *posting)
{
	const LateResponse *in = posting->in;
	const Deployed *deployed = NULL;
	TRY(service_deployed(posting->service, str(in->channel), &deployed));
	Err e = record(posting, deployed);
	current_release(deployed);
	return e;
}

static Err take(Posting *posting)
{
	Service *service = posting->service;
	TRY(check_fields(posting->in, posting->now_us));
	PendingEvent *pending = &posting->pending;
	*pending = (PendingEvent){
	        .key = service_event_key(service, str(posting->in->event_id)),
	        .reply = &posting->reply,
	        .response = &posting->out->base,
	        .duplicate = &posting->out->duplicate,
	};
	if (recent_has(service->responses, pending->key)) {
		posting->out->duplicate = true;
		posting->caller->send(posting->caller, OK, posting->out);
		return OK;
	}
	if (inflight_join(service->events, pending, true))
		return OK;
	Err e = lead(posting);
	return e == OK ? OK : inflight_abandon(pending, e);
}

void respond(Service *service, const LateResponse *response, Arena *arena, Reply *reply)
{
	Posting *posting = ARENA_NEW(arena, Posting);
	PostResponseResponse *out = message_new(arena, MESSAGE_OF(post_response_response));
	if (posting == NULL || out == NULL) {
		reply->send(reply, err(ERR_NO_MEMORY, "no memory for the answer; try again later"), NULL);
		return;
	}
	*posting = (Posting){.reply = {settled},
	        .caller = reply,
	        .service = service,
	        .in = response,
	        .arena = arena,
	        .now_us = wall_now(service),
	        .out = out};
	Err e = take(posting);
	if (e != OK)
		reply->send(reply, e, NULL);
}
