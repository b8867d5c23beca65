// A click is a response without a session, "Clicked", whose event ID is the click's: what makes responses
// count once makes clicks count once, on every server and in the history. The visitor is led on when the
// journal has the click on disk, or after CLICK_PATIENCE_US: a disk that stalls must not keep people from the
// page that they want to see.
#include "service/clicks.h"

#include "base/cleanup.h"
#include "service/click_find.h"
#include "service/respond.h"

#include <pthread.h>
#include <stdlib.h>

enum { CLICK_ARENA = 4096, CLICK_ARENA_MAX = 64 * 1024 };
#define CLICK_PATIENCE_US US_PER_S
#define CLICK_RESPONSE    "Clicked"

// On its way to the disk.
typedef struct Click {
	Reply reply; // first
	struct Clicks *clicks;
	Arena *arena;
	LateResponse response;
	HttpRequest *request;    // NULL: answered
	const char *destination; // the request's, and gone with it
	int64_t since_us;
	struct Click *prev, *next; // of those that wait
} Click;

struct Clicks {
	Service *service;
	Tracer *tracer; // NULL: clicks are not traced
	pthread_mutex_t lock;
	pthread_cond_t settled;
	size_t open; // not settled, answered or not
	Click *first;
	ClicksFigures figures;
};

Err clicks_new(Service *service, Tracer *tracer, Clicks **ret)
{
	Clicks *clicks = *ret = calloc(1, sizeof *clicks);
	if (clicks == NULL)
		return err(ERR_NO_MEMORY, "no memory for clicks");
	clicks->service = service;
	clicks->tracer = tracer;
	pthread_mutex_init(&clicks->lock, NULL);
	pthread_cond_init(&clicks->settled, NULL);
	return OK;
}

void clicks_free(Clicks *clicks)
{
	if (clicks == NULL)
		return;
	pthread_mutex_lock(&clicks->lock);
	while (clicks->open > 0)
		pthread_cond_wait(&clicks->settled, &clicks->lock);
	pthread_mutex_unlock(&clicks->lock);
	pthread_cond_destroy(&clicks->settled);
	pthread_mutex_destroy(&clicks->lock);
	free(clicks);
}

static void count(Clicks *clicks, uint64_t *figure)
{
	pthread_mutex_lock(&clicks->lock);
	(*figure)++;
	pthread_mutex_unlock(&clicks->lock);
}

void clicks_figures(Clicks *clicks, ClicksFigures *ret)
{
	pthread_mutex_lock(&clicks->lock);
	*ret = clicks->figures;
	pthread_mutex_unlock(&clicks->lock);
}

// --- answers ---

// The page must learn neither the link nor what is in it.
static const HttpHeader no_referrer = {"Referrer-Policy", "no-referrer"};

static void lead_on(HttpRequest *request, const char *destination)
{
	http_answer(request, &(HttpResponse){
	                             .status = 302,
	                             .type = "text/plain",
	                             .headers = {{"Location", destination}, no_referrer},
	                     });
}

static void tell_gone(HttpRequest *request)
{
	static const char page[] =
	        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>No longer available</title>"
	        "<h1>No longer available</h1><p>The offer behind this link is over.</p></html>\n";
	http_answer(
	        request, &(HttpResponse){
	                         .status = 410,
	                         .type = "text/html; charset=utf-8",
	                         .body = str_n(page, sizeof page - 1),
	                         .headers = {no_referrer, {"Content-Security-Policy", "default-src 'none'"}},
	                 });
}

// --- on the way to the disk ---

// Takes the click out of those that wait, if it does. The caller answers what is returned.
static HttpRequest *take_request(Click *click)
{
	HttpRequest *request = click->request;
	if (request == NULL)
		return NULL;
	*(click->prev != NULL ? &click->prev->next : &click->clicks->first) = click->next;
	if (click->next != NULL)
		click->next->prev = click->prev;
	click->request = NULL;
	return request;
}

static void settle(Reply *reply, Err result, const void *response)
{
	Click *click = (Click *)reply;
	Clicks *clicks = click->clicks;
	const PostResponseResponse *out = response;
	pthread_mutex_lock(&clicks->lock);
	uint64_t *figure = result != OK     ? &clicks->figures.lost
	                   : out->duplicate ? &clicks->figures.repeated
	                                    : &clicks->figures.counted;
	(*figure)++;
	HttpRequest *request = take_request(click);
	pthread_mutex_unlock(&clicks->lock);
	if (request != NULL)
		lead_on(request, click->destination);

	trace_span_end(click->response.span, result);
	arena_free(click->arena); // and with it the click
	pthread_mutex_lock(&clicks->lock);
	if (--clicks->open == 0)
		pthread_cond_signal(&clicks->settled);
	pthread_mutex_unlock(&clicks->lock);
}

// Until the journal has it, which may be after its answer.
static TraceSpan *begin_span(
        Clicks *clicks, HttpRequest *request, Parley__Journal__V1__ResponseCode kind, Arena *arena)
{
	Str name = kind == RESPONSE_CODE(TREATMENT) ? STR("GET /c/") : STR("GET /s/");
	if (clicks->tracer == NULL)
		return NULL;
	return trace_span_of_request(clicks->tracer, name, http_header(request, "traceparent"),
	        http_header(request, "tracestate"), arena);
}

static Click *click_new(Clicks *clicks, HttpRequest *request, const ClickTarget *target,
        Parley__Journal__V1__ResponseCode kind)
{
	Arena *arena = arena_new(CLICK_ARENA, CLICK_ARENA_MAX);
	Click *click = arena != NULL ? ARENA_NEW(arena, Click) : NULL;
	if (click == NULL) {
		arena_free(arena);
		return NULL;
	}
	*click = (Click){.reply = {settle},
	        .clicks = clicks,
	        .arena = arena,
	        .request = request,
	        .destination = target->destination,
	        .since_us = steady_now(clicks->service)};
	click->response = (LateResponse){.event_id = arena_printf(arena, "click:%s", target->id),
	        .channel = arena_cstr(arena, str(target->channel)),
	        .code_kind = kind,
	        .code = arena_cstr(arena, str(target->id)),
	        .response = CLICK_RESPONSE,
	        .span = begin_span(clicks, request, kind, arena)};
	if (click->response.event_id != NULL && click->response.code != NULL &&
	        click->response.channel != NULL)
		return click;
	arena_free(arena);
	return NULL;
}

static void take_click(Clicks *clicks, HttpRequest *request, const ClickTarget *target,
        Parley__Journal__V1__ResponseCode kind)
{
	Click *click = click_new(clicks, request, target, kind);
	if (click == NULL) {
		count(clicks, &clicks->figures.lost);
		lead_on(request, target->destination);
		return;
	}
	pthread_mutex_lock(&clicks->lock);
	clicks->open++;
	click->next = clicks->first;
	if (click->next != NULL)
		click->next->prev = click;
	clicks->first = click;
	pthread_mutex_unlock(&clicks->lock);
	respond(clicks->service, &click->response, click->arena, &click->reply);
}

void clicks_sweep(Clicks *clicks)
{
	int64_t now_us = steady_now(clicks->service);
	pthread_mutex_lock(&clicks->lock);
	for (Click *click = clicks->first, *next; click != NULL; click = next) {
		next = click->next;
		if (now_us - click->since_us < CLICK_PATIENCE_US)
			continue;
		HttpRequest *request = take_request(click);
		clicks->figures.late++;
		lead_on(request, click->destination); // under the lock: the click is gone when it is settled
	}
	pthread_mutex_unlock(&clicks->lock);
}

// --- requests ---

static bool says_prefetch(HttpRequest *request, const char *header)
{
	Str value = http_header(request, header);
	return str_starts(value, STR("prefetch")) || str_starts(value, STR("preview"));
}

// Somebody looks where it leads, and nobody has clicked.
static bool is_look(HttpRequest *request)
{
	return http_is_head(request) || says_prefetch(request, "Sec-Purpose") ||
	       says_prefetch(request, "Purpose") || says_prefetch(request, "X-Purpose") ||
	       says_prefetch(request, "X-Moz");
}

static void answer(Clicks *clicks, HttpRequest *request, ClickFound found, const ClickTarget *target,
        Parley__Journal__V1__ResponseCode kind)
{
	if (found == CLICK_UNKNOWN) {
		count(clicks, &clicks->figures.unknown);
		http_answer_text(request, 404, "not found\n");
	} else if (found == CLICK_GONE) {
		count(clicks, &clicks->figures.gone);
		tell_gone(request);
	} else if (is_look(request)) {
		count(clicks, &clicks->figures.looks);
		lead_on(request, target->destination);
	} else {
		take_click(clicks, request, target, kind);
	}
}

static Str behind(const HttpRequest *request, Str route)
{
	Str path = http_path(request);
	return str_n(path.ptr + route.len, path.len - route.len);
}

void clicks_link(void *context, HttpRequest *request)
{
	Clicks *clicks = context;
	ClickTarget target = {0};
	ClickFound found = click_find_link(clicks->service, behind(request, STR("/c/")),
	        wall_now(clicks->service), http_arena(request), &target);
	answer(clicks, request, found, &target, RESPONSE_CODE(TREATMENT));
}

void clicks_source(void *context, HttpRequest *request)
{
	Clicks *clicks = context;
	ClickTarget target = {0};
	ClickFound found = click_find_source(clicks->service, behind(request, STR("/s/")),
	        wall_now(clicks->service), http_arena(request), &target);
	answer(clicks, request, found, &target, RESPONSE_CODE(CUSTOM));
}
