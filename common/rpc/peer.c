// Who is calling. The SPIFFE ID counts only because our listeners never ask for a certificate without
// verifying it (listen.c); what gRPC core reports of a peer's certificate has passed the handshake.
#include "rpc/internal.h"

#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>

static Str property(const grpc_auth_context *context, const char *name)
{
	grpc_auth_property_iterator at = grpc_auth_context_find_properties_by_name(context, name);
	const grpc_auth_property *found = grpc_auth_property_iterator_next(&at);

	return found ? str_n(found->value, found->value_length) : (Str){0};
}

// With TLS.
static Err identity_read(RpcCall *call)
{
	grpc_auth_context *context = grpc_call_auth_context(call->core);
	Str identity = {0};
	bool copied = true;

	if (context) {
		if (grpc_auth_context_peer_is_authenticated(context))
			identity = property(context, GRPC_PEER_SPIFFE_ID_PROPERTY_NAME);
		call->peer.identity = arena_str(call->arena, identity);
		copied = identity.len == call->peer.identity.len;
		grpc_auth_context_release(context);
	}
	return copied ? OK : err(ERR_NO_MEMORY, "no memory for the caller's identity");
}

static Str slice_str(const grpc_slice *slice)
{
	return str_n((const char *)GRPC_SLICE_START_PTR(*slice), GRPC_SLICE_LENGTH(*slice));
}

Str rpc_header(const RpcCall *call, const char *name)
{
	Str sought = str(name);

	for (size_t i = 0; i < call->headers.count; i++) {
		const grpc_metadata *header = &call->headers.metadata[i];

		if (str_eq(slice_str(&header->key), sought))
			return slice_str(&header->value);
	}
	return (Str){0};
}

static Str bearer(Str header)
{
	static const char scheme[] = "bearer ";

	if (header.len < sizeof(scheme) - 1 || strncasecmp(header.ptr, scheme, sizeof(scheme) - 1) != 0)
		return (Str){0};
	return str_n(header.ptr + sizeof(scheme) - 1, header.len - (sizeof(scheme) - 1));
}

// Few methods ask for it, and gRPC core makes a copy each time.
Str rpc_address(RpcCall *call)
{
	char *address;

	if (call->peer.address.len > 0 || !call->core)
		return call->peer.address;
	address = grpc_call_get_peer(call->core);
	call->peer.address = arena_str(call->arena, str(address));
	gpr_free(address);
	return call->peer.address;
}

Err peer_read(RpcCall *call)
{
	call->peer = (RpcPeer){
	        .plaintext = call->front == &call->method->server->fronts[FRONT_PLAINTEXT],
	        .token = bearer(rpc_header(call, "authorization")),
	};
	return call->peer.plaintext ? OK : identity_read(call);
}
