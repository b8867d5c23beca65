// The server's HTTP side, for those who look after it: /livez, /readyz, /metrics, and for visitors who click.
// It needs nothing of gRPC, and what happens here disturbs no call.
#pragma once
#include "exposition.h"
#include "http/http.h"

typedef struct Side Side;

typedef struct SideOptions {
	Str listen; // empty: there is none, and that is no error
	Parts parts;
} SideOptions;

// What `options` points to outlives the Side. *ret is NULL without an address. Errors: those of http_start.
Err side_open(const SideOptions *options, Side **ret);
void side_close(Side *side);
int side_port(const Side *side); // 0: there is none
