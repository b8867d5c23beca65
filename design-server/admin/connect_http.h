// The admin API over HTTP, as the Connect protocol has it (https://connectrpc.com/docs/protocol, unary
// calls): POST /PACKAGE.SERVICE/METHOD with application/json or application/proto. Every method that the gRPC
// server has is there; the very same handlers run.
#pragma once
#include "http/http.h"
#include "rpc/rpc.h"

// The route. `rpc` must have been started, and be stopped after the HTTP server is.
HttpRoute connect_http_route(RpcServer *rpc);
