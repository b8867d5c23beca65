// getProfile: what is known of the visitor, and from where.
#include "service/map.h"
#include "service/turn.h"
#include "service/value.h"

#define SOURCE(name) PARLEY__RUNTIME__V1__ATTRIBUTE_SOURCE__ATTRIBUTE_SOURCE_##name
static const Parley__Runtime__V1__AttributeSource sources[] = {
        [FROM_DEFAULT] = SOURCE(DEFAULT),
        [FROM_PROFILE] = SOURCE(PROFILE),
        [FROM_SESSION] = SOURCE(SESSION),
        [FROM_EVENT] = SOURCE(EVENT),
        [FROM_FLOW] = SOURCE(FLOW),
};
#undef SOURCE

static Err list_attributes(const Session *session, Arena *arena, GetProfileResponse *out)
{
	const Level *level = plan_snapshot(session->plan)->audience_levels[session->level];
	if (level->n_attributes == 0)
		return OK;
	out->attributes = message_list(arena, MESSAGE_OF(profile_attribute), level->n_attributes);
	if (out->attributes == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	out->n_attributes = level->n_attributes;
	for (size_t i = 0; i < level->n_attributes; i++) {
		out->attributes[i]->name = level->attributes[i]->name;
		out->attributes[i]->source = sources[session_origin(session, i)];
		TRY(value_map(&session_items(session)[i], arena, &out->attributes[i]->value));
	}
	return OK;
}

// --- how the segments came about ---

static void map_step(const Snapshot *snapshot, const SegmentTrace *in, Parley__Runtime__V1__SegmentTrace *out)
{
	if (in->flow < 0)
		return;
	const Parley__Snapshot__V1__SegmentationFlow *flow = snapshot->flows[in->flow];
	out->flow = flow->name;
	out->step = flow->steps[in->step]->name;
	if (in->branch >= 0)
		out->branch = flow->steps[in->step]->branches[in->branch]->name;
}

static Err map_trace(
        const Snapshot *snapshot, const Segmentation *done, Arena *arena, GetProfileResponse *out)
{
	if (done->trace_count == 0)
		return OK;
	out->trace = message_list(arena, MESSAGE_OF(segment_trace), done->trace_count);
	if (out->trace == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	out->n_trace = done->trace_count;
	for (size_t i = 0; i < done->trace_count; i++) {
		const SegmentTrace *in = &done->trace[i];
		map_step(snapshot, in, out->trace[i]);
		if (in->segment >= 0)
			out->trace[i]->segment = snapshot->segments[in->segment]->name;
		if (in->beaten_by >= 0)
			out->trace[i]->beaten_by = snapshot->segments[in->beaten_by]->name;
		out->trace[i]->matched = in->matched;
		out->trace[i]->predicate = arena_cstr(arena, in->predicate);
		out->trace[i]->error = arena_cstr(arena, in->error);
		if (out->trace[i]->predicate == NULL || out->trace[i]->error == NULL)
			return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	}
	return OK;
}

// On a copy: the session is not touched.
static Err trace_segments(const Turn *turn, GetProfileResponse *out)
{
	const Session *session = turn->session;
	SegmentRequest request = {.level = session->level,
	        .audience_id = session->audience_id,
	        .as_of_us = turn->now_us,
	        .explain = true};
	Values values;
	Segmentation done;
	TRY(session_values(session, turn->arena, &values));
	TRY(values_segment(&values, session->plan, &request, turn->arena, &done));
	return map_trace(plan_snapshot(session->plan), &done, turn->arena, out);
}

static Err get_profile(Turn *turn, Outcome *outcome)
{
	const Session *session = turn->session;
	GetProfileResponse *out = message_new(turn->arena, MESSAGE_OF(get_profile_response));
	if (out == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	out->audience_level = plan_snapshot(session->plan)->audience_levels[session->level]->name;
	out->audience_id = (char *)session->audience_id.ptr;
	out->debug = session->debug;
	TRY(list_attributes(session, turn->arena, out));
	TRY(map_segments(session, turn->arena, &out->segments, &out->n_segments));
	TRY(map_version(session->pin, turn->arena, &out->snapshot));
	if (((const GetProfileRequest *)turn->request)->explain)
		TRY(trace_segments(turn, out));
	out->n_advisories = advisories_map(&turn->advisories, turn->arena, &out->advisories);
	*outcome = (Outcome){TURN_REPLY, out};
	return OK;
}

const Command get_profile_command = {.step = get_profile};

void handle_get_profile(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const GetProfileRequest *in = (const GetProfileRequest *)request;
	turn_take(service, call, in, in->session_id, in->sequence, &get_profile_command);
}
