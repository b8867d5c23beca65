// Who may call what: one row a method, checked before a request's body is parsed. A touchpoint shows a
// certificate of its role for this environment or a token; the design server shows its certificate, and so
// does an operator of this environment, who carries deployments to where the design server does not reach.
// Nobody is anonymous.
#pragma once
#include "rpc/rpc.h"

enum {
	ACCESS_TOUCHPOINT = 1 << 0, // spiffe://parley/touchpoint/ENVIRONMENT/NAME, or a token
	ACCESS_DESIGN = 1 << 1,     // spiffe://parley/design
	ACCESS_OPERATOR = 1 << 2,   // spiffe://parley/operator/ENVIRONMENT/NAME
};

enum { TOKEN_HASH_SIZE = 32 };

typedef struct Access {
	Str environment;
	const uint8_t (*token_hashes)[TOKEN_HASH_SIZE]; // SHA-256 of each allowed token
	size_t token_count;
} Access;

// An RpcAuthorize; `context` is an Access. Errors: UNAUTHENTICATED, PERMISSION_DENIED.
Err access_authorize(void *context, RpcCall *call, const RpcMethod *method, const RpcPeer *peer, Arena *arena,
        void **ret_principal);
