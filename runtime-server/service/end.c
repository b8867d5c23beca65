// endSession.
#include "service/record.h"
#include "service/turn.h"

static Err end_session(Turn *turn, Outcome *outcome)
{
	EndSessionResponse *out = message_new(turn->arena, MESSAGE_OF(end_session_response));
	if (out == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	if (record_ended(turn->service, turn->session, turn->now_us, "ended", turn->arena) != OK)
		advise(&turn->advisories, ADVISORY_HISTORY_PAUSED, STR(""));
	out->n_advisories = advisories_map(&turn->advisories, turn->arena, &out->advisories);
	*outcome = (Outcome){TURN_REPLY_END, out};
	return OK;
}

const Command end_session_command = {.step = end_session};

void handle_end_session(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const EndSessionRequest *in = (const EndSessionRequest *)request;
	turn_take(service, call, in, in->session_id, in->sequence, &end_session_command);
}
