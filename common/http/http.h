// HTTP for a server's side doors: probes, metrics, JSON for scripts, links that browsers follow. The only
// place that includes libmicrohttpd. A server is a table of routes; whoever is slow, sends too much or opens
// too many connections costs nobody but himself.
#pragma once
#include "base/arena.h"
#include "base/error.h"

typedef struct HttpServer HttpServer;
typedef struct HttpRequest HttpRequest;

// Answers a request by exactly one http_answer: before it returns or, if its route says so, later and from
// any thread. `request` lives until then, and with it its arena.
typedef void (*HttpHandler)(void *context, HttpRequest *request);

typedef struct HttpRoute {
	const char *method; // "GET" (HEAD is answered by it too), "POST"
	const char *path;   // the whole path; if it ends in "/", also every path that begins so
	HttpHandler handle;
	void *context;
	size_t max_body; // bytes; 0: what comes is too much
	bool later;      // may answer after it returned, and may wait elsewhere meanwhile
} HttpRoute;

typedef struct HttpOptions {
	Str listen;              // "127.0.0.1:7480" or "[::1]:7480"; port 0 takes a free one
	bool loopback_only;      // refuse other addresses: there is no TLS here
	unsigned threads;        // that read and write; 0: 1
	unsigned connections;    // at a time, more wait for one to end; 0: 256
	int64_t patience_us;     // from one answer to the next, the handler's time apart; 0: 30 s
	const HttpRoute *routes; // the first one that fits is taken; they outlive the server
	size_t route_count;
	int *ret_port; // may be NULL
} HttpOptions;

// Errors: CONFIG_INVALID (not an address that it may listen at), IO (the port is taken), NO_MEMORY.
Err http_start(const HttpOptions *options, HttpServer **ret);
// Answers what is under way, then ends. NULL is fine.
void http_stop(HttpServer *server);

// --- inside a handler ---

Arena *http_arena(HttpRequest *request);
// Without what follows a "?", percent signs decoded.
Str http_path(const HttpRequest *request);
// Whether only the headers of the answer are wanted; they are sent without its body.
bool http_is_head(const HttpRequest *request);
// A header's value; empty if it is not there. In the request's arena.
Str http_header(HttpRequest *request, const char *name);
// The other end: "ipv4:192.0.2.7:51000" or "ipv6:[2001:db8::1]:51000".
Str http_address(HttpRequest *request);
// Error: REQUEST_TOO_LARGE, which the handler answers in its own way.
Err http_body(const HttpRequest *request, Str *ret);

typedef struct HttpHeader {
	const char *name, *value;
} HttpHeader;

enum { HTTP_HEADERS_MAX = 4 };

typedef struct HttpResponse {
	unsigned status; // 200, …
	const char *type;
	Str body;                             // constant or in the request's arena
	HttpHeader headers[HTTP_HEADERS_MAX]; // besides Content-Type and what keeps caches away; names NULL:
	                                      // none
} HttpResponse;

// The request is gone afterwards.
void http_answer(HttpRequest *request, const HttpResponse *response);
// The same with plain text.
void http_answer_text(HttpRequest *request, unsigned status, const char *text);

// --- probes ---

// A handler for /livez: the process runs and its HTTP side answers.
void http_alive(void *context, HttpRequest *request);
// A handler for /readyz, whose context is one of these: 200, or 503 with what is missing.
typedef struct HttpReadiness {
	const char *(*missing)(void *context); // a line; NULL: it is ready
	void *context;
} HttpReadiness;
void http_ready(void *context, HttpRequest *request);
