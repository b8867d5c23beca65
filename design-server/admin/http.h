// The admin API over HTTP, as the Connect protocol has it (https://connectrpc.com/docs/protocol, unary
// calls): POST /PACKAGE.SERVICE/METHOD with application/json or application/proto. Every method that the gRPC
// server has is there; the very same handlers run. Also GET /livez and /readyz.
#pragma once
#include "rpc/rpc.h"

typedef struct Http Http;

typedef struct HttpOptions {
	Str listen; // "127.0.0.1:7480"; loopback only: there is no TLS here
	unsigned threads;
	RpcServer *rpc;               // must have been started, and be stopped after http_stop
	bool (*ready)(void *context); // for /readyz
	void *context;
	int *ret_port; // may be NULL
} HttpOptions;

// Errors: CONFIG_INVALID (not a loopback address), IO (the port is taken).
Err http_start(const HttpOptions *options, Http **ret);
// Answers what is under way, then ends. NULL is fine.
void http_stop(Http *http);
