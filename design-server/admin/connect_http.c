#include "admin/connect_http.h"

#include "admin/connect.h"

#include <strings.h>

enum { STATUS_OK = 200, STATUS_UNSUPPORTED_TYPE = 415, STATUS_UNAUTHORIZED = 401 };

// One call, in its request's arena.
typedef struct Exchange {
	HttpRequest *request;
	Arena *arena;
	const ProtobufCMethodDescriptor *method;
	bool json;
	RpcPeer peer;
} Exchange;

// --- answers ---

// The exchange is gone afterwards.
static void answer(Exchange *exchange, unsigned status, const char *type, Str body)
{
	HttpResponse response = {.status = status, .type = type, .body = body};
	if (status == STATUS_UNAUTHORIZED)
		response.headers[0] = (HttpHeader){"WWW-Authenticate", "Bearer"};
	http_answer(exchange->request, &response);
}

static void answer_error(Exchange *exchange, const ErrDetail *detail)
{
	answer(exchange, connect_http_status(err_status(detail->id)), "application/json",
	        connect_error(detail, exchange->arena));
}

static void answer_failure(Exchange *exchange, Err failed)
{
	(void)failed;
	answer_error(exchange, err_detail());
}

static void answer_response(Exchange *exchange, Str packed)
{
	Str json;
	if (!exchange->json) {
		answer(exchange, STATUS_OK, "application/proto", arena_str(exchange->arena, packed));
		return;
	}
	Err failed = connect_write(packed, exchange->method->output, exchange->arena, &json);
	if (failed != OK)
		answer_failure(exchange, failed);
	else
		answer(exchange, STATUS_OK, "application/json", json);
}

// On the handler's thread.
static void call_done(void *context, Err failed, const ErrDetail *detail, Str response)
{
	if (failed == OK)
		answer_response(context, response);
	else
		answer_error(context, detail);
}

// --- requests ---

// Runs after the caller was authorized.
static Err read_body(void *context, Arena *arena, Str *ret)
{
	const Exchange *exchange = context;
	Str body;
	TRY(http_body(exchange->request, &body));
	if (exchange->json)
		return connect_read(body, exchange->method->input, arena, ret);
	*ret = body;
	return OK;
}

// "type/subtype" without parameters.
static bool is_type(Str value, Str type)
{
	return value.len >= type.len && strncasecmp(value.ptr, type.ptr, type.len) == 0 &&
	       (value.len == type.len || value.ptr[type.len] == ';' || value.ptr[type.len] == ' ');
}

static Str bearer(HttpRequest *request)
{
	const Str scheme = STR("Bearer ");
	Str value = http_header(request, "Authorization");
	return value.len >= scheme.len && strncasecmp(value.ptr, scheme.ptr, scheme.len) == 0
	               ? str_n(value.ptr + scheme.len, value.len - scheme.len)
	               : (Str){0};
}

static Err check_request(const RpcServer *rpc, Exchange *exchange)
{
	Str path = http_path(exchange->request), body;
	exchange->method = rpc_server_method(rpc, path);
	if (!exchange->method)
		return err(ERR_METHOD_UNKNOWN,
		        "there is no method %.200s: POST to /parley.design.v1.SERVICE/METHOD", path.ptr);
	TRY(http_body(exchange->request, &body));
	if (http_header(exchange->request, "Content-Encoding").len)
		return err(ERR_NOT_SUPPORTED, "compressed requests are not taken: send it as it is");
	return OK;
}

static void post(void *context, HttpRequest *request)
{
	RpcServer *rpc = context;
	Arena *arena = http_arena(request);
	Exchange *exchange = ARENA_NEW(arena, Exchange);
	Str type = http_header(request, "Content-Type");
	bool json = is_type(type, STR("application/json"));
	if (!exchange) {
		http_answer_text(request, connect_http_status(err_status(ERR_NO_MEMORY)), "out of memory\n");
		return;
	}
	if (!json && !is_type(type, STR("application/proto"))) {
		http_answer_text(
		        request, STATUS_UNSUPPORTED_TYPE, "send application/json or application/proto\n");
		return;
	}
	*exchange = (Exchange){.request = request, .arena = arena, .json = json};
	Err failed = check_request(rpc, exchange);
	if (failed != OK) {
		answer_failure(exchange, failed);
		return;
	}
	exchange->peer = (RpcPeer){.plaintext = true,
	        .token = bearer(request),
	        .address = http_address(request),
	        .traceparent = http_header(request, "traceparent")};
	rpc_server_invoke(rpc, http_path(request), &exchange->peer, read_body, call_done, exchange);
}

HttpRoute connect_http_route(RpcServer *rpc)
{
	return (HttpRoute){.method = "POST",
	        .path = "/",
	        .handle = post,
	        .context = rpc,
	        .max_body = CONNECT_BODY_MAX,
	        .later = true};
}
