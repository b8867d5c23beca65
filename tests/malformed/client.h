// Raw calls to a server under one credential after the other.
#pragma once
#include "malformed.h"

#include <grpc/grpc.h>

// What somebody shows.
typedef struct Credential {
	const char *name;
	ServerIndex server;
	int weight; // how often it is used, relative to others of the server
	const char *certificate, *key;
	char *token;
	grpc_channel *channel;
	grpc_slice authorization;
} Credential;

void credential_open(Credential *credential, const char *target, const char *ca);
void credential_close(Credential *credential);

// One call in flight.
typedef struct Request {
	uint64_t number;
	Method *method;
	const Credential *credential;
	const Kind *kind;
	Body body;
	Arena *arena;
	grpc_call *call;
	grpc_byte_buffer *sent, *received;
	grpc_metadata_array headers, trailers;
	grpc_metadata metadata[2];
	grpc_status_code code;
	grpc_slice message;
} Request;

// Sends it; the request is the tag with which it comes back.
void request_send(Request *request, grpc_completion_queue *queue, int timeout_ms);
// Frees what the call took; the request can be used again.
void request_done(Request *request);
