#include "side.h"

#include "metrics/metrics.h"

#include <stdlib.h>

enum { ROUTES = 5 };

struct Side {
	SideOptions options;
	HttpReadiness readiness;
	HttpRoute routes[ROUTES];
	HttpServer *server;
	int port;
};

static bool serves(Current *current)
{
	CurrentStatus status;
	for (size_t i = 0; i < current_count(current); i++) {
		current_status(current, i, &status);
		if (status.stable.version != 0)
			return true;
	}
	return false;
}

static const char *what_is_missing(void *context)
{
	const Side *side = context;
	JournalStatus journal;
	journal_status(side->options.parts.journal, &journal);
	if (journal.poisoned)
		return "the journal cannot be written: the server stops\n";
	return serves(side->options.parts.current) ? NULL : "no channel is deployed here yet\n";
}

static void tell_metrics(void *context, HttpRequest *request)
{
	const Side *side = context;
	Str text;
	if (exposition_write(&side->options.parts, http_arena(request), &text) == OK)
		http_answer(request, &(HttpResponse){.status = 200, .type = METRICS_TYPE, .body = text});
	else
		http_answer_text(request, 503, "no memory for the metrics: ask again\n");
}

Err side_open(const SideOptions *options, Side **ret)
{
	*ret = NULL;
	if (options->listen.len == 0)
		return OK;
	Side *side = calloc(1, sizeof *side);
	if (side == NULL)
		return err(ERR_NO_MEMORY, "no memory for HTTP");
	side->options = *options;
	side->readiness = (HttpReadiness){.missing = what_is_missing, .context = side};
	side->routes[0] = (HttpRoute){.method = "GET", .path = "/livez", .handle = http_alive};
	side->routes[1] = (HttpRoute){
	        .method = "GET", .path = "/readyz", .handle = http_ready, .context = &side->readiness};
	side->routes[2] =
	        (HttpRoute){.method = "GET", .path = "/metrics", .handle = tell_metrics, .context = side};
	if (options->parts.clicks != NULL) {
		side->routes[3] = (HttpRoute){.method = "GET",
		        .path = "/c/",
		        .handle = clicks_link,
		        .context = options->parts.clicks,
		        .later = true};
		side->routes[4] = (HttpRoute){.method = "GET",
		        .path = "/s/",
		        .handle = clicks_source,
		        .context = options->parts.clicks,
		        .later = true};
	}
	const HttpOptions http = {
	        .listen = options->listen,
	        .routes = side->routes,
	        .route_count = options->parts.clicks != NULL ? ROUTES : ROUTES - 2,
	        .ret_port = &side->port,
	};
	Err e = http_start(&http, &side->server);
	if (e != OK) {
		free(side);
		return e;
	}
	*ret = side;
	return OK;
}

int side_port(const Side *side)
{
	return side != NULL ? side->port : 0;
}

void side_close(Side *side)
{
	if (side == NULL)
		return;
	http_stop(side->server);
	free(side);
}
