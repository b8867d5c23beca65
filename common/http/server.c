// The server's life: listens, limits, drains.
#include "http/internal.h"

#include <stdlib.h>
#include <unistd.h>

enum { CONNECTIONS = 256, SILENCE_S = 60, MEMORY = 32 * 1024 };
static const int64_t patience_us = INT64_C(30000000);

bool server_begin(HttpServer *server)
{
	pthread_mutex_lock(&server->lock);
	bool taken = !server->stopping;
	server->busy += taken;
	pthread_mutex_unlock(&server->lock);
	return taken;
}

void server_end(HttpServer *server)
{
	pthread_mutex_lock(&server->lock);
	server->busy--;
	pthread_cond_signal(&server->idle);
	pthread_mutex_unlock(&server->lock);
}

// --- what libmicrohttpd calls ---

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
        enum MHD_ConnectionNotificationCode code)
{
	HttpServer *server = context;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info =
		        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		*socket_context = info ? guests_enter(&server->guests, info->connect_fd) : NULL;
	} else {
		guests_leave(&server->guests, *socket_context);
		*socket_context = NULL;
	}
}

static enum MHD_Result on_piece(void *context, struct MHD_Connection *connection, const char *url,
        const char *method, const char *version, const char *data, size_t *size, void **state)
{
	(void)version;
	return request_piece(context, connection, url, method, data, size, state);
}

static void on_completed(
        void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	HttpRequest *request = *state;
	HttpServer *server = context;
	(void)connection;
	(void)code;
	*state = NULL;
	if (!request)
		return;
	guests_turn(&server->guests, request->guest, true);
	arena_free(request->arena); // the request is in it
}

// --- life ---

static struct MHD_Daemon *start_daemon(HttpServer *server, const struct sockaddr_storage *address)
{
	const HttpOptions *options = &server->options;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
	if (address->ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	return MHD_start_daemon(flags, 0, NULL, NULL, on_piece, server, MHD_OPTION_SOCK_ADDR, address,
	        MHD_OPTION_THREAD_POOL_SIZE, options->threads > 1 ? options->threads : 0,
	        MHD_OPTION_CONNECTION_LIMIT, options->connections ? options->connections : CONNECTIONS,
	        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	        (size_t)MEMORY, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
	        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_END);
}

static Err start(HttpServer *server, const struct sockaddr_storage *address)
{
	const HttpOptions *options = &server->options;
	TRY(guests_start(&server->guests, options->patience_us ? options->patience_us : patience_us));
	server->daemon = start_daemon(server, address);
	if (!server->daemon)
		return err_errno(ERR_IO, "cannot listen for HTTP at " STR_FMT " (is the port taken?)",
		        STR_ARG(options->listen));
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
	if (options->ret_port)
		*options->ret_port = info ? info->port : 0;
	return OK;
}

Err http_start(const HttpOptions *options, HttpServer **ret)
{
	struct sockaddr_storage address;
	TRY(address_parse(options->listen, options->loopback_only, &address));
	HttpServer *server = calloc(1, sizeof(*server));
	if (!server)
		return err(ERR_NO_MEMORY, "no memory for HTTP");
	server->options = *options;
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->idle, NULL);
	Err e = start(server, &address);
	if (e != OK) {
		ErrDetail why = *err_detail();
		http_stop(server);
		return err_restore(&why);
	}
	*ret = server;
	return OK;
}

void http_stop(HttpServer *server)
{
	if (!server)
		return;
	if (server->daemon) {
		MHD_socket listener = MHD_quiesce_daemon(server->daemon);
		pthread_mutex_lock(&server->lock);
		server->stopping = true;
		while (server->busy)
			pthread_cond_wait(&server->idle, &server->lock);
		pthread_mutex_unlock(&server->lock);
		MHD_stop_daemon(server->daemon);
		if (listener != MHD_INVALID_SOCKET)
			close(listener);
	}
	guests_stop(&server->guests);
	pthread_cond_destroy(&server->idle);
	pthread_mutex_destroy(&server->lock);
	free(server);
}
