// HTTP by libmicrohttpd. A request is gathered, its connection suspended while the handler works on a worker
// thread, and resumed with the answer, so that few threads serve many connections and a slow database blocks
// none of them.
#include "admin/http.h"

#include "admin/connect.h"
#include "base/cleanup.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = 256,
	IDLE_S = 60,
	DROPPED_MAX = 1024 * 1024, // bytes of a body
	ARENA_BLOCK = 8 * 1024,
	ARENA_MAX = 32 * 1024 * 1024,
	ADDRESS_SIZE = INET6_ADDRSTRLEN + 16,
};

struct Http {
	struct MHD_Daemon *daemon;
	HttpOptions options;
	pthread_mutex_t lock;
	pthread_cond_t idle;
	size_t busy; // calls under way
	bool stopping;
};

// One request from its first header to its answer.
typedef struct Exchange {
	Http *http;
	struct MHD_Connection *connection;
	Arena *arena;
	char *body; // CONNECT_BODY_MAX bytes, from the arena
	size_t len;
	const ProtobufCMethodDescriptor *method;
	Str path;
	bool json, too_large, answered;
	RpcPeer peer;
	unsigned status;
	Str response;
} Exchange;

static enum MHD_Result send_text(
        struct MHD_Connection *connection, unsigned status, const char *type, Str text)
{
	struct MHD_Response *response =
	        MHD_create_response_from_buffer(text.len, (void *)(uintptr_t)text.ptr, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
	enum MHD_Result queued = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return queued;
}

// --- answers ---

static void answer_error(Exchange *exchange, const ErrDetail *detail)
{
	exchange->status = connect_http_status(err_status(detail->id));
	exchange->response = connect_error(detail, exchange->arena);
}

static void answer_failure(Exchange *exchange, Err failed)
{
	(void)failed;
	answer_error(exchange, err_detail());
}

static void answer_response(Exchange *exchange, Str packed)
{
	exchange->status = MHD_HTTP_OK;
	if (!exchange->json) {
		exchange->response = arena_str(exchange->arena, packed);
		return;
	}
	Err failed = connect_write(packed, exchange->method->output, exchange->arena, &exchange->response);
	if (failed != OK)
		answer_failure(exchange, failed);
}

// On the handler's thread. The exchange may be gone as soon as its connection is resumed.
static void call_done(void *context, Err failed, const ErrDetail *detail, Str response)
{
	Exchange *exchange = context;
	Http *http = exchange->http;
	if (failed == OK)
		answer_response(exchange, response);
	else
		answer_error(exchange, detail);
	exchange->answered = true;
	MHD_resume_connection(exchange->connection);
	pthread_mutex_lock(&http->lock);
	http->busy--;
	pthread_cond_signal(&http->idle);
	pthread_mutex_unlock(&http->lock);
}

// Runs after the caller was authorized.
static Err read_body(void *context, Arena *arena, Str *ret)
{
	Exchange *exchange = context;
	Str body = str_n(exchange->body, exchange->len);
	if (exchange->json)
		return connect_read(body, exchange->method->input, arena, ret);
	*ret = body;
	return OK;
}

// False once no more calls are taken.
static bool start_call(Exchange *exchange)
{
	Http *http = exchange->http;
	pthread_mutex_lock(&http->lock);
	bool taken = !http->stopping;
	http->busy += taken;
	pthread_mutex_unlock(&http->lock);
	if (!taken)
		return false;
	MHD_suspend_connection(exchange->connection);
	rpc_server_invoke(http->options.rpc, exchange->path, &exchange->peer, read_body, call_done, exchange);
	return true;
}

// --- requests ---

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

// "type/subtype" without parameters.
static bool has_type(struct MHD_Connection *connection, const char *type)
{
	const char *value = header(connection, "Content-Type");
	size_t len = strlen(type);
	return value && strncasecmp(value, type, len) == 0 &&
	       (value[len] == 0 || value[len] == ';' || value[len] == ' ');
}

static Str bearer(struct MHD_Connection *connection)
{
	static const char scheme[] = "Bearer ";
	const char *value = header(connection, "Authorization");
	return value && strncasecmp(value, scheme, strlen(scheme)) == 0 ? str(value + strlen(scheme))
	                                                                : (Str){0};
}

static Str address_of(struct MHD_Connection *connection, Arena *arena)
{
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	char host[INET6_ADDRSTRLEN] = "";
	if (info && info->client_addr->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)info->client_addr;
		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		return str(arena_printf(arena, "ipv4:%s:%u", host, ntohs(in->sin_port)));
	}
	if (info && info->client_addr->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)info->client_addr;
		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		return str(arena_printf(arena, "ipv6:[%s]:%u", host, ntohs(in6->sin6_port)));
	}
	return (Str){0};
}

static Exchange *exchange_new(Http *http, struct MHD_Connection *connection)
{
	Arena *arena = arena_new(ARENA_BLOCK, ARENA_MAX);
	Exchange *exchange = arena ? ARENA_NEW(arena, Exchange) : NULL;
	if (!exchange) {
		arena_free(arena);
		return NULL;
	}
	*exchange = (Exchange){.http = http, .connection = connection, .arena = arena};
	return exchange;
}

// What is too large is read on for a while and dropped, so that its sender gets to read the answer.
static enum MHD_Result gather(Exchange *exchange, const char *data, size_t *size)
{
	if (!exchange->body)
		exchange->body = arena_alloc(exchange->arena, CONNECT_BODY_MAX);
	if (!exchange->body || exchange->len > DROPPED_MAX)
		return MHD_NO; // the connection is closed
	exchange->too_large = exchange->too_large || *size > CONNECT_BODY_MAX - exchange->len;
	if (!exchange->too_large)
		memcpy(exchange->body + exchange->len, data, *size);
	exchange->len += *size;
	*size = 0;
	return MHD_YES;
}

static Err check_request(Exchange *exchange, const char *url)
{
	exchange->path = arena_str(exchange->arena, str(url));
	exchange->json = has_type(exchange->connection, "application/json");
	exchange->method = rpc_server_method(exchange->http->options.rpc, exchange->path);
	if (!exchange->method)
		return err(ERR_METHOD_UNKNOWN,
		        "there is no method %.200s: POST to /parley.design.v1.SERVICE/METHOD", url);
	if (exchange->too_large)
		return err(ERR_REQUEST_TOO_LARGE, "the request has more than %d bytes", CONNECT_BODY_MAX);
	if (header(exchange->connection, "Content-Encoding"))
		return err(ERR_NOT_SUPPORTED, "compressed requests are not taken: send it as it is");
	return OK;
}

static enum MHD_Result refuse(Exchange *exchange, Err failed)
{
	answer_failure(exchange, failed);
	return send_text(exchange->connection, exchange->status, "application/json", exchange->response);
}

static enum MHD_Result post(Exchange *exchange, const char *url)
{
	if (!has_type(exchange->connection, "application/json") &&
	        !has_type(exchange->connection, "application/proto"))
		return send_text(exchange->connection, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "text/plain",
		        STR("send application/json or application/proto\n"));
	Err failed = check_request(exchange, url);
	if (failed != OK)
		return refuse(exchange, failed);
	exchange->peer = (RpcPeer){.plaintext = true,
	        .token = arena_str(exchange->arena, bearer(exchange->connection)),
	        .address = address_of(exchange->connection, exchange->arena)};
	if (!start_call(exchange))
		return refuse(
		        exchange, err(ERR_SHUTTING_DOWN, "the server is shutting down: try again later"));
	return MHD_YES;
}

static enum MHD_Result get(const Exchange *exchange, const char *url)
{
	const HttpOptions *options = &exchange->http->options;
	if (strcmp(url, "/livez") == 0)
		return send_text(exchange->connection, MHD_HTTP_OK, "text/plain", STR("ok\n"));
	if (strcmp(url, "/readyz") != 0)
		return send_text(exchange->connection, MHD_HTTP_NOT_FOUND, "text/plain", STR("not found\n"));
	return options->ready(options->context)
	               ? send_text(exchange->connection, MHD_HTTP_OK, "text/plain", STR("ok\n"))
	               : send_text(exchange->connection, MHD_HTTP_SERVICE_UNAVAILABLE, "text/plain",
	                         STR("the database is not usable now\n"));
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
        const char *method, const char *version, const char *data, size_t *size, void **state)
{
	Exchange *exchange = *state;
	(void)version;
	if (!exchange) {
		*state = exchange_new(context, connection);
		return *state ? MHD_YES : MHD_NO;
	}
	if (*size)
		return gather(exchange, data, size);
	if (exchange->answered) {
		bool proto = !exchange->json && exchange->status == MHD_HTTP_OK;
		return send_text(connection, exchange->status,
		        proto ? "application/proto" : "application/json", exchange->response);
	}
	if (strcmp(method, "POST") == 0)
		return post(exchange, url);
	if (strcmp(method, "GET") == 0)
		return get(exchange, url);
	return send_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain", STR("use POST or GET\n"));
}

static void on_completed(
        void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	Exchange *exchange = *state;
	(void)context;
	(void)connection;
	(void)code;
	*state = NULL;
	if (exchange)
		arena_free(exchange->arena); // the exchange is in it
}

// --- life ---

// "127.0.0.1:7480" or "[::1]:7480".
static Err parse_listen(Str listen, struct sockaddr_storage *ret)
{
	char host[ADDRESS_SIZE] = "";
	uint64_t port = 0;
	const char *colon = listen.len ? memrchr(listen.ptr, ':', listen.len) : NULL;
	size_t len = colon ? (size_t)(colon - listen.ptr) : 0;
	bool fine = colon && len < sizeof(host) &&
	            str_to_u64(str_n(colon + 1, listen.len - len - 1), &port) && port < 65536;
	struct sockaddr_in *in = (void *)ret;
	struct sockaddr_in6 *in6 = (void *)ret;
	bool bracketed = fine && len > 2 && listen.ptr[0] == '[' && listen.ptr[len - 1] == ']';
	if (fine)
		memcpy(host, listen.ptr + bracketed, len - 2 * bracketed);
	*ret = (struct sockaddr_storage){0};
	if (fine && inet_pton(AF_INET, host, &in->sin_addr) == 1 &&
	        (ntohl(in->sin_addr.s_addr) >> 24) == 127) {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		return OK;
	}
	if (bracketed && inet_pton(AF_INET6, host, &in6->sin6_addr) == 1 &&
	        IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr)) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		return OK;
	}
	return err(ERR_CONFIG_INVALID,
	        "http: listen \"" STR_FMT
	        "\" is not a loopback address and port such as 127.0.0.1:7480; HTTP has no TLS here, "
	        "so put a proxy in front of it for other machines",
	        STR_ARG(listen));
}

static struct MHD_Daemon *start_daemon(Http *http, const struct sockaddr_storage *address)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
	if (address->ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, http, MHD_OPTION_SOCK_ADDR, address,
	        MHD_OPTION_THREAD_POOL_SIZE, http->options.threads, MHD_OPTION_CONNECTION_LIMIT,
	        (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
	        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
}

Err http_start(const HttpOptions *options, Http **ret)
{
	struct sockaddr_storage address;
	TRY(parse_listen(options->listen, &address));
	Http *http = calloc(1, sizeof(*http));
	if (!http)
		return err(ERR_NO_MEMORY, "no memory for HTTP");
	http->options = *options;
	pthread_mutex_init(&http->lock, NULL);
	pthread_cond_init(&http->idle, NULL);
	http->daemon = start_daemon(http, &address);
	if (!http->daemon) {
		http_stop(http);
		return err_errno(ERR_IO, "cannot listen for HTTP at " STR_FMT " (is the port taken?)",
		        STR_ARG(options->listen));
	}
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
	if (options->ret_port)
		*options->ret_port = info ? info->port : 0;
	*ret = http;
	return OK;
}

void http_stop(Http *http)
{
	if (!http)
		return;
	if (http->daemon) {
		MHD_socket listener = MHD_quiesce_daemon(http->daemon);
		pthread_mutex_lock(&http->lock);
		http->stopping = true;
		while (http->busy)
			pthread_cond_wait(&http->idle, &http->lock);
		pthread_mutex_unlock(&http->lock);
		MHD_stop_daemon(http->daemon);
		if (listener != MHD_INVALID_SOCKET)
			close(listener);
	}
	pthread_cond_destroy(&http->idle);
	pthread_mutex_destroy(&http->lock);
	free(http);
}
