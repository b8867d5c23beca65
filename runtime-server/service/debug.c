// setDebug: from now on every answer of getOffers explains, or only those that are asked to.
#include "service/turn.h"

static Err set_debug(Turn *turn, Outcome *outcome)
{
	const SetDebugRequest *in = turn->request;
	SetDebugResponse *out = message_new(turn->arena, MESSAGE_OF(set_debug_response));
	if (out == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	turn->session->debug = in->debug;
	out->n_advisories = advisories_map(&turn->advisories, turn->arena, &out->advisories);
	*outcome = (Outcome){TURN_REPLY, out};
	return OK;
}

const Command set_debug_command = {.step = set_debug};

void handle_set_debug(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const SetDebugRequest *in = (const SetDebugRequest *)request;
	turn_take(service, call, in, in->session_id, in->sequence, &set_debug_command);
}
