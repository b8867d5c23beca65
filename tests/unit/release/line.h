// A line of two environments in one process: a design server with its database, two runtime servers in
// "test", one in "production", all over mutual TLS. Runtime servers here are what answers ControlService:
// real files, real verification, no sessions.
#pragma once
#include "config.h"
#include "current/current.h"
#include "lib/postgres.h"
#include "release/release.h"

#include "parley/design/v1/deployment.pb-c.h"

enum { NODES = 3 };

// --- node.c ---
typedef struct Node {
	char dir[128];
	CurrentOptions options;
	Current *current;
	RpcServer *server;
	RpcTls tls;
	int port; // kept over restarts
} Node;
void node_start(Node *node);
void node_stop(Node *node);
// 0: nothing.
uint64_t node_serves(Node *node);

// --- line.c ---
typedef struct Line {
	char dir[64];
	Arena *arena;
	TestPostgres postgres;
	Pg *owner;         // of the tables
	Node nodes[NODES]; // test-1, test-2, production-1
	DesignConfig config;
	int64_t now_us;
	Services services;
	Environments environments;
	Rollouts *rollouts;
	Release *release;
	RpcServer *server;
	RpcClient *client;
	const char *user;   // the next caller
	unsigned approvals; // that production's root and profile ask for
	const char *gates;  // production's, as YAML; empty: none
	const char
	        *staging; // gates of a third environment, which promotes from test too; empty: there is none
	unsigned role;    // of the next caller, in all environments: a bit of Callers
} Line;

void line_make(Line *line); // once; starts PostgreSQL and makes certificates, before threads
void line_remove(Line *line);
// An empty database with one good channel "bank"; all servers new.
void line_reset(Line *line);
void line_end(Line *line);
// (Re)starts the design server's service, as after a change of the profiles: production's epoch, approvals
// and gates.
void line_open(Line *line, unsigned epoch);
void line_close(Line *line);

// Runs SQL as the owner; the first column of the first row.
int64_t line_ask(Line *line, const char *sql);
void line_do(Line *line, const char *sql);

// Deploys "bank"; `ret` may be NULL.
Err line_deploy(Line *line, const char *environment, Parley__Design__V1__DeployResponse **ret);
// A person's signature over a deployment that waits: `number` is the key (world/seal.h).
Err line_approve(Line *line, const char *user, uint8_t number, const char *environment, uint64_t version,
        Parley__Design__V1__Deployment **ret);
Err line_call(Line *line, const char *method, const ProtobufCMessage *request, ProtobufCMessage **ret);
