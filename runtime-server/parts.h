// A runtime server's parts, for the two files that handle all of them: runtime.c puts them together, tick.c
// looks after them. Nobody else includes it.
#pragma once
#include "runtime.h"

#include "service/service.h"
#include "ship/ship.h"
#include "side.h"
#include "visitor/visitor.h"

#include <stdatomic.h>

struct Runtime {
	const Config *config;
	Journal *journal;
	Visitors *visitors;
	Profile *profile;
	Current *current;
	Service *service;
	RpcServer *server;
	Tracer *tracer; // NULL: calls are not traced
	Ship *ship;
	Side *side;
	Access access;
	ServiceLinks links;
	Clicks *clicks;
	RpcTls tls;
	int port;      // of the TLS listener
	int plaintext; // of the other, 0: none
	unsigned ticks, unanswered;
	uint64_t forgotten; // visitors, as far as the log says
	bool shipping;      // as far as the log says
	Digest standing;    // of the reasons why it is degraded, likewise
	bool told;          // that it was
	_Atomic(Err) broken;
};
