// Who may call what. Every method says the least it asks for; one that says nothing is open to nobody. This
// runs before the request's body is looked at.
#include "admin/admin_internal.h"

static const char runtime_prefix[] = "spiffe://parley/runtime/";

// spiffe://parley/runtime/ENVIRONMENT/ID
static Err runtime_principal(Str identity, Arena *arena, Principal *ret)
{
	Str prefix = str(runtime_prefix);
	if (!str_starts(identity, prefix))
		return err(ERR_UNAUTHENTICATED,
		        "this is for runtime servers: connect with a certificate of %sENVIRONMENT/ID",
		        runtime_prefix);
	Str rest = str_n(identity.ptr + prefix.len, identity.len - prefix.len);
	const char *slash = rest.len ? memchr(rest.ptr, '/', rest.len) : NULL;
	size_t len = slash ? (size_t)(slash - rest.ptr) : 0;
	Str id = slash ? str_n(slash + 1, rest.len - len - 1) : (Str){0};
	if (!len || !id.len || memchr(id.ptr, '/', id.len))
		return err(ERR_UNAUTHENTICATED, "the certificate's name " STR_FMT " is not %sENVIRONMENT/ID",
		        STR_ARG(identity), runtime_prefix);
	*ret = (Principal){.role = ACCESS_RUNTIME,
	        .environment = arena_str(arena, str_n(rest.ptr, len)),
	        .runtime_id = arena_str(arena, id)};
	return OK;
}

static const char *role_name(unsigned access)
{
	static const char *const names[] = {
	        [ACCESS_VIEWER] = "viewer",
	        [ACCESS_DESIGNER] = "designer",
	        [ACCESS_APPROVER] = "approver",
	        [ACCESS_ADMINISTRATOR] = "administrator",
	};
	return access < ARRAY_COUNT(names) && names[access] ? names[access] : "nobody";
}

Err admin_authorize(void *context, RpcCall *call, const RpcMethod *method, const RpcPeer *peer, Arena *arena,
        void **ret_principal)
{
	Admin *admin = context;
	(void)call;
	if (method->access == ACCESS_ANYONE)
		return OK;
	Principal *who = ARENA_NEW(arena, Principal);
	if (!who)
		return err(ERR_NO_MEMORY, "no memory for a call");
	*ret_principal = who;
	if (method->access == ACCESS_RUNTIME)
		return runtime_principal(peer->identity, arena, who);
	if (!peer->token.len)
		return err(ERR_UNAUTHENTICATED,
		        "no token: log in with \"parley login\" and send \"authorization: Bearer TOKEN\"");
	TRY(token_principal(admin->services, peer->token, arena, who));
	if (method->access < ACCESS_VIEWER || method->access > ACCESS_ADMINISTRATOR ||
	        who->role < method->access)
		return err(ERR_PERMISSION_DENIED,
		        "%s needs role %s, and " STR_FMT " is %s: ask an administrator", method->name,
		        role_name(method->access), STR_ARG(who->user), role_name(who->role));
	return OK;
}
