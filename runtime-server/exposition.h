// What a runtime server exports to Prometheus: figures that its parts keep anyway, read when they are asked
// for.
#pragma once
#include "config.h"
#include "service/clicks.h"
#include "service/service.h"
#include "ship/ship.h"
#include "trace/trace.h"

typedef struct Parts {
	const Config *config;
	Current *current;
	Journal *journal;
	Visitors *visitors;
	Service *service;
	const RpcServer *server;
	const Tracer *tracer; // NULL: calls are not traced
	Ship *ship;           // NULL: nothing is shipped
	Clicks *clicks;       // NULL: there are no links
} Parts;

// The text, in `arena`. Error: NO_MEMORY.
Err exposition_write(const Parts *parts, Arena *arena, Str *ret);
