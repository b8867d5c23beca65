#include "side.h"

#include <stdlib.h>

enum { ROUTES = 2 };

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
	journal_status(side->options.journal, &journal);
	if (journal.poisoned)
		return "the journal cannot be written: the server stops\n";
	return serves(side->options.current) ? NULL : "no channel is deployed here yet\n";
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
	const HttpOptions http = {
	        .listen = options->listen,
	        .routes = side->routes,
	        .route_count = ROUTES,
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
