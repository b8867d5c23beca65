// The runtime's services in this process, with clocks that the test sets: one server at a time.
#pragma once
#include "base/clock.h"
#include "client.h"
#include "journal/journal_io.h"
#include "service/service.h"

#include <stdatomic.h>

typedef struct Server {
	char dir[64], journal_dir[80], visitors_dir[80];
	_Atomic(int64_t) steady_us;
	_Atomic(int64_t) ahead_us; // of the system's clock: what decisions and records go by
	Arena *arena;
	Journal *journal;
	Visitors *visitors;
	Profile *profile;
	Current *current;
	Service *service;
	RpcServer *rpc;
	int port;
	Client client;
	Digest manifest;
} Server;

extern Server server;

// Starts it with the bank deployed as version 1. `io`: the journal's; NULL: the system's; outlives it.
void server_start(const JournalIo *io, size_t max_sessions);
// For cmocka: stops it if it runs, and removes what it left.
int server_tear_down(void **state);
// Stops it; what its journal holds.
size_t server_entries(Entry ***ret);
size_t count_entries(Entry **entries, size_t count, Parley__Journal__V1__Entry__WhatCase what);
// Idle time, second by second.
void server_pass_seconds(int seconds);
// The clocks go on and nothing happens meanwhile.
void server_skip_seconds(int seconds);

typedef struct Refusal {
	Err e;
	const char *field;
} Refusal;

// That the last call failed so, at that field.
void assert_refused(Err e, Refusal expected);
