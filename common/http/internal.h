// What the files of this room share; nobody else includes it.
#pragma once
#include "http/http.h"

#include <microhttpd.h>
#include <pthread.h>
#include <sys/socket.h>

// --- address.c ---
// "127.0.0.1:7480" or "[::1]:7480". Error: CONFIG_INVALID.
Err address_parse(Str text, bool loopback_only, struct sockaddr_storage *ret);
// How rpc's peers are named too.
Str address_write(const struct sockaddr *address, Arena *arena);

// --- guests.c: who is connected, and since when the server waits for him ---
typedef struct Guest {
	struct Guest *prev, *next;
	int fd;
	int64_t since_us; // 0: he waits for us
} Guest;

typedef struct Guests {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t watcher;
	bool watched, ending;
	int64_t patience_us;
	Guest *first;
} Guests;

// Starts the thread that hangs up on those who are too slow. Error: NO_MEMORY.
Err guests_start(Guests *guests, int64_t patience_us);
void guests_stop(Guests *guests);
// NULL if memory is out.
Guest *guests_enter(Guests *guests, int fd);
void guests_leave(Guests *guests, Guest *guest);
// Whether the server waits for him from now on, or he for it.
void guests_turn(Guests *guests, Guest *guest, bool his);

// --- request.c ---
struct HttpRequest {
	HttpServer *server;
	struct MHD_Connection *connection;
	Guest *guest;
	Arena *arena;
	Str path;
	const HttpRoute *route; // NULL: none fits
	unsigned refusal;       // the status then
	char *body;
	size_t len;
	bool head, too_large, suspended, answered;
	HttpResponse response;
};

// From its first header to its answer, as libmicrohttpd hands it over piece by piece.
enum MHD_Result request_piece(HttpServer *server, struct MHD_Connection *connection, const char *url,
        const char *method, const char *data, size_t *size, void **state);

// --- server.c ---
struct HttpServer {
	struct MHD_Daemon *daemon;
	HttpOptions options;
	Guests guests;
	pthread_mutex_t lock;
	pthread_cond_t idle;
	size_t busy; // requests that are answered later
	bool stopping;
};

// Counts a request that is answered later. False once no more are taken.
bool server_begin(HttpServer *server);
void server_end(HttpServer *server);
