// postResponse: the request as a late response.
#include "service/respond.h"

#include "service/click_find.h"
#include "service/value.h"

typedef struct ResponseReply {
	Reply reply; // first
	RpcCall *call;
} ResponseReply;

static void send_to_call(Reply *reply, Err result, const void *response)
{
	RpcCall *call = ((ResponseReply *)reply)->call;
	if (result == OK)
		rpc_reply(call, response);
	else
		rpc_fail(call, result);
}

static void read_code(const PostResponseRequest *in, LateResponse *out)
{
	switch (in->code_case) {
	case PARLEY__RUNTIME__V1__POST_RESPONSE_REQUEST__CODE_TREATMENT_CODE:
		out->code_kind = RESPONSE_CODE(TREATMENT);
		out->code = in->treatment_code;
		return;
	case PARLEY__RUNTIME__V1__POST_RESPONSE_REQUEST__CODE_OFFER_CODE:
		out->code_kind = RESPONSE_CODE(OFFER);
		out->code = in->offer_code;
		return;
	case PARLEY__RUNTIME__V1__POST_RESPONSE_REQUEST__CODE_CUSTOM_CODE:
		out->code_kind = RESPONSE_CODE(CUSTOM);
		out->code = in->custom_code;
		return;
	default:
		out->code = "";
	}
}

static Err read_request(const PostResponseRequest *in, LateResponse *out)
{
	*out = (LateResponse){.event_id = in->event_id,
	        .channel = in->channel,
	        .audience = in->audience,
	        .response = in->response};
	read_code(in, out);
	if (in->time != NULL && !value_read_time(in->time, &out->responded_us))
		return err_at(ERR_FIELD_INVALID, "time", "the time is none that a calendar has");
	if (in->time != NULL && out->responded_us == 0)
		out->responded_us = 1; // 1970 is refused, not taken for unset
	return OK;
}

void respond_to(
        Service *service, const PostResponseRequest *request, TraceSpan *span, Arena *arena, Reply *reply)
{
	LateResponse *response = ARENA_NEW(arena, LateResponse);
	Err e = response != NULL ? read_request(request, response)
	                         : err(ERR_NO_MEMORY, "no memory for the call; try again later");
	if (e != OK) {
		reply->send(reply, e, NULL);
		return;
	}
	if (response->code_kind == RESPONSE_CODE(CUSTOM))
		response->code = click_source_code(service, response->code, arena);
	response->span = span;
	respond(service, response, arena, reply);
}

void handle_post_response(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	ResponseReply *reply = ARENA_NEW(rpc_arena(call), ResponseReply);
	if (reply == NULL) {
		rpc_fail(call, err(ERR_NO_MEMORY, "no memory for the call; try again later"));
		return;
	}
	*reply = (ResponseReply){{send_to_call}, call};
	respond_to(service, (const PostResponseRequest *)request, trace_span_of(call), rpc_arena(call),
	        &reply->reply);
}
