// getProfile: what is known of the visitor, and from where.
#include "service/map.h"
#include "service/turn.h"
#include "service/value.h"

#define SOURCE(name) PARLEY__RUNTIME__V1__ATTRIBUTE_SOURCE__ATTRIBUTE_SOURCE_##name
static const Parley__Runtime__V1__AttributeSource sources[] = {
        [FROM_DEFAULT] = SOURCE(DEFAULT),
        [FROM_PROFILE] = SOURCE(PROFILE),
        [FROM_SESSION] = SOURCE(SESSION),
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
		out->attributes[i]->source = sources[session_origins(session)[i]];
		TRY(value_map(&session_items(session)[i], arena, &out->attributes[i]->value));
	}
	return OK;
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
