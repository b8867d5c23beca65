// One request. It is gathered, then handled; one that is answered later has its connection suspended
// meanwhile, so that few threads serve many connections and a slow database blocks none of them.
#include "http/internal.h"

enum {
	DROPPED_MAX = 1024 * 1024, // bytes of a body that is too large
	ARENA_BLOCK = 8 * 1024,
	ARENA_MAX = 32 * 1024 * 1024,
};

// --- answers ---

static enum MHD_Result send_response(struct MHD_Connection *connection, const HttpResponse *answer)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
	        answer->body.len, (void *)(uintptr_t)answer->body.ptr, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", answer->type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	for (size_t i = 0; i < HTTP_HEADERS_MAX && answer->headers[i].name; i++)
		MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
	enum MHD_Result queued = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return queued;
}

// One that was suspended may be gone as soon as its connection is resumed.
void http_answer(HttpRequest *request, const HttpResponse *response)
{
	HttpServer *server = request->server;
	bool suspended = request->suspended;
	request->response = *response;
	request->answered = true;
	if (!suspended)
		return;
	MHD_resume_connection(request->connection);
	server_end(server);
}

void http_answer_text(HttpRequest *request, unsigned status, const char *text)
{
	http_answer(request, &(HttpResponse){.status = status, .type = "text/plain", .body = str(text)});
}

void http_alive(void *context, HttpRequest *request)
{
	(void)context;
	http_answer_text(request, MHD_HTTP_OK, "ok\n");
}

void http_ready(void *context, HttpRequest *request)
{
	const HttpReadiness *readiness = context;
	const char *missing = readiness->missing(readiness->context);
	if (missing)
		http_answer_text(request, MHD_HTTP_SERVICE_UNAVAILABLE, missing);
	else
		http_answer_text(request, MHD_HTTP_OK, "ok\n");
}

// --- what handlers ask ---

Arena *http_arena(HttpRequest *request)
{
	return request->arena;
}

Str http_path(const HttpRequest *request)
{
	return request->path;
}

bool http_is_head(const HttpRequest *request)
{
	return request->head;
}

Str http_header(HttpRequest *request, const char *name)
{
	return arena_str(
	        request->arena, str(MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name)));
}

Str http_address(HttpRequest *request)
{
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	return info ? address_write(info->client_addr, request->arena) : (Str){0};
}

Err http_body(const HttpRequest *request, Str *ret)
{
	*ret = str_n(request->body, request->len);
	if (!request->too_large)
		return OK;
	*ret = (Str){0};
	return err(ERR_REQUEST_TOO_LARGE, "the request has more than %zu bytes", request->route->max_body);
}

// --- which route ---

static bool has_method(const HttpRoute *route, const char *method)
{
	return strcmp(route->method, method) == 0 ||
	       (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

static bool has_path(const HttpRoute *route, Str path)
{
	Str own = str(route->path);
	return str_eq(own, path) || (str_ends(own, STR("/")) && str_starts(path, own));
}

static void find_route(HttpRequest *request, const char *method)
{
	const HttpOptions *options = &request->server->options;
	request->refusal = MHD_HTTP_METHOD_NOT_ALLOWED;
	for (size_t i = 0; i < options->route_count && !request->route; i++) {
		const HttpRoute *route = &options->routes[i];
		if (!has_method(route, method))
			continue;
		request->refusal = MHD_HTTP_NOT_FOUND;
		if (has_path(route, request->path))
			request->route = route;
	}
}

// --- its course ---

static HttpRequest *request_new(
        HttpServer *server, struct MHD_Connection *connection, const char *url, const char *method)
{
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	Arena *arena = arena_new(ARENA_BLOCK, ARENA_MAX);
	HttpRequest *request = arena ? ARENA_NEW(arena, HttpRequest) : NULL;
	if (!request) {
		arena_free(arena);
		return NULL;
	}
	*request = (HttpRequest){.server = server,
	        .connection = connection,
	        .guest = info ? info->socket_context : NULL,
	        .arena = arena,
	        .head = strcmp(method, "HEAD") == 0,
	        .path = arena_str(arena, str(url))};
	find_route(request, method);
	return request;
}

// What is too large is read on for a while and dropped, so that its sender gets to read the answer.
static enum MHD_Result gather(HttpRequest *request, const char *data, size_t *size)
{
	size_t max = request->route ? request->route->max_body : 0;
	if (!request->body && max)
		request->body = arena_alloc(request->arena, max);
	if ((!request->body && max) || request->len > DROPPED_MAX)
		return MHD_NO; // the connection is closed
	request->too_large = request->too_large || *size > max - request->len;
	if (!request->too_large)
		memcpy(request->body + request->len, data, *size);
	request->len += *size;
	*size = 0;
	return MHD_YES;
}

static void refuse(HttpRequest *request)
{
	if (request->refusal == MHD_HTTP_METHOD_NOT_ALLOWED)
		http_answer_text(request, request->refusal, "this method is not taken here\n");
	else
		http_answer_text(request, request->refusal, "not found\n");
}

// False if the answer comes later: it may be another thread's doing already.
static bool handle(HttpRequest *request)
{
	const HttpRoute *route = request->route;
	guests_turn(&request->server->guests, request->guest, false);
	if (!route) {
		refuse(request);
	} else if (request->too_large && !route->max_body) {
		http_answer_text(request, MHD_HTTP_CONTENT_TOO_LARGE, "no body is taken here\n");
	} else if (!route->later) {
		route->handle(route->context, request);
	} else if (!server_begin(request->server)) {
		http_answer_text(request, MHD_HTTP_SERVICE_UNAVAILABLE,
		        "the server is shutting down: try again later\n");
	} else {
		request->suspended = true;
		MHD_suspend_connection(request->connection);
		route->handle(route->context, request);
		return false;
	}
	return true;
}

enum MHD_Result request_piece(HttpServer *server, struct MHD_Connection *connection, const char *url,
        const char *method, const char *data, size_t *size, void **state)
{
	HttpRequest *request = *state;
	if (!request) {
		*state = request_new(server, connection, url, method);
		return *state ? MHD_YES : MHD_NO;
	}
	if (*size)
		return gather(request, data, size);
	if (!request->answered && !handle(request))
		return MHD_YES;
	guests_turn(&server->guests, request->guest, true);
	return send_response(connection, &request->response);
}
