// A runtime server's parts in this process, put together as parley-runtime does: journal, visitor state,
// snapshots, profiles from a PostgreSQL of its own, service, gRPC server; and its housekeeping, in a hurry.
#pragma once
#include "lib/postgres.h"
#include "rpc/rpc.h"
#include "service/service.h"
#include "snapshot/snapshot.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct House {
	char dir[64], journal_dir[96], visitors_dir[96];
	Arena *arena;
	TestPostgres postgres;
	Journal *journal;
	Visitors *visitors;
	Profile *profile;
	Current *current;
	Service *service;
	RpcServer *server;
	int port;
	pthread_t keeper;
	atomic_bool closing;
	Digest first; // the manifest of the snapshot that is deployed at the start
} House;

// `customers`: rows of the profile table. Before rpc_init; ends the program if it cannot be made.
void house_prepare(House *house, unsigned customers);
// After rpc_init. The first edition of the channel is deployed.
void house_open(House *house);
void house_deploy_second(House *house);
// Stops the server: all calls have been answered.
void house_close(House *house);
void house_remove(House *house);
