// Who a caller is, and whether access_table.h lets them in. Credentials are looked at before the request's
// body, its environment as soon as it is parsed; both over gRPC and over HTTP.
#include "admin/admin_internal.h"

static const char runtime_prefix[] = "spiffe://parley/runtime/";

// spiffe://parley/runtime/ENVIRONMENT/ID. Any other identity is known and may nothing here.
static Err certificate_principal(Str identity, Arena *arena, Principal *ret)
{
	Str prefix = str(runtime_prefix), rest = {0};
	if (str_starts(identity, prefix))
		rest = str_n(identity.ptr + prefix.len, identity.len - prefix.len);
	const char *slash = rest.len ? memchr(rest.ptr, '/', rest.len) : NULL;
	size_t len = slash ? (size_t)(slash - rest.ptr) : 0;
	Str id = slash ? str_n(slash + 1, rest.len - len - 1) : (Str){0};
	Granted *granted = ARENA_NEW(arena, Granted);
	if (!len || !id.len || memchr(id.ptr, '/', id.len))
		return err(ERR_PERMISSION_DENIED,
		        "the certificate's name " STR_FMT " means nothing here: runtime servers have "
		        "%sENVIRONMENT/ID, and users log in with \"parley login\"",
		        STR_ARG(identity), runtime_prefix);
	if (!granted)
		return err(ERR_NO_MEMORY, "no memory for a call");
	*granted = (Granted){arena_str(arena, str_n(rest.ptr, len)), CALLER_RUNTIME};
	*ret = (Principal){.grants = granted,
	        .grant_count = 1,
	        .environment = granted->environment,
	        .runtime_id = arena_str(arena, id)};
	return OK;
}

// A certificate counts where runtime servers may call; elsewhere, and for who has none, a token.
static Err find_principal(
        const Admin *admin, const AccessRow *row, const RpcPeer *peer, Arena *arena, Principal *ret)
{
	bool by_certificate = peer->identity.len && (!peer->token.len || (row->callers & CALLER_RUNTIME));
	if (by_certificate)
		return certificate_principal(peer->identity, arena, ret);
	if (peer->token.len)
		return token_principal(admin->services, peer->token, arena, ret);
	if (row->callers & CALLER_RUNTIME)
		return err(ERR_UNAUTHENTICATED,
		        "this is for runtime servers: connect with a certificate of %sENVIRONMENT/ID",
		        runtime_prefix);
	return err(ERR_UNAUTHENTICATED,
	        "no token: log in with \"parley login\" and send \"authorization: Bearer TOKEN\"");
}

Err admin_authorize_path(
        const Admin *admin, Str path, const RpcPeer *peer, Arena *arena, void **ret_principal)
{
	static const AccessRow none = {0};
	const AccessRow *row = access_find(path);
	*ret_principal = NULL;
	if (row && (row->callers & CALLER_ANYONE))
		return OK;
	Principal *who = ARENA_NEW(arena, Principal);
	if (!who)
		return err(ERR_NO_MEMORY, "no memory for a call");
	TRY(find_principal(admin, row ? row : &none, peer, arena, who));
	*ret_principal = who;
	return access_method(row, who, path);
}

Err admin_authorize(void *context, RpcCall *call, const RpcMethod *method, const RpcPeer *peer, Arena *arena,
        void **ret_principal)
{
	(void)method;
	return admin_authorize_path(context, rpc_path(call), peer, arena, ret_principal);
}

Err admin_examine(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	const AccessRow *row = access_find(rpc_path(call));
	const Principal *who = rpc_principal(call);
	(void)context;
	return who ? access_request(row, who, request) : OK;
}
