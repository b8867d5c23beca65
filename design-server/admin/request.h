// Request IDs: who asks again, with the same ID, gets the answer that there was and changes nothing. An ID is
// known for a day, and to its own caller only.
#pragma once
#include "base/arena.h"
#include "store/store.h"

#include <protobuf-c/protobuf-c.h>

typedef struct Request {
	Str actor, id; // no ID: nothing is looked up and nothing kept
	Str hash;      // SHA-256 of method and request
} Request;

// The request as it will be known. `ret` lives in `arena`. Errors: FIELD_INVALID (the ID).
Err request_make(
        Str actor, Str id, const char *method, const ProtobufCMessage *request, Arena *arena, Request *ret);
// Until the transaction ends, the same request sent at the same time waits.
Err request_lock(Pg *pg, const Request *request);
// The packed answer that it was given; NULL without one. Error: REQUEST_ID_REUSED.
Err request_find(Pg *pg, const Request *request, int64_t now_us, Arena *arena, Str *ret_response);
// Keeps the answer in the transaction that makes it true. Error: DB_CONFLICT.
Err request_keep(
        Pg *pg, const Request *request, const ProtobufCMessage *response, int64_t now_us, Arena *arena);
