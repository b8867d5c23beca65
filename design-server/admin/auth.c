// AuthService: a password for a token.
#include "admin/admin_internal.h"
#include "admin/message.h"
#include "base/cleanup.h"

enum { LIFETIME_DEFAULT_S = 12 * 3600, LIFETIME_MAX_S = 90 * 86400 };
// Expired tokens are kept a while, so that their owners are told that they expired.
#define EXPIRED_KEPT_US (7 * 86400 * US_PER_S)

typedef struct Login {
	const Parley__Design__V1__LoginRequest *request;
	Arena *arena;
	StoredUser user;
	TokenHash hash;
	int64_t now_us, expire_us;
} Login;

static Err find_user(Pg *pg, void *context)
{
	Login *login = context;
	Err failed = user_get(pg, str(login->request->user), false, login->arena, &login->user);
	return failed == ERR_RESOURCE_NOT_FOUND ? OK : failed; // password_check treats it as a wrong password
}

static Err issue(Pg *pg, void *context)
{
	Login *login = context;
	TRY(SQL_RUN(pg, NULL, token_expire, P_TIME(login->now_us - EXPIRED_KEPT_US)));
	TRY(SQL_RUN(pg, NULL, token_insert, P_BYTES(token_bytes(&login->hash)), P_TEXT(login->user.name),
	        P_TIME(login->now_us), P_TIME(login->expire_us)));
	return audit_write(pg, &(Audit){.time_us = login->now_us,
	                               .actor = login->user.name,
	                               .action = STR("login"),
	                               .kind = STR("User"),
	                               .name = login->user.name});
}

static Err check_password(Admin *admin, RpcCall *call, Login *login)
{
	Str user = str(login->request->user), address = rpc_address(call);
	TRY(throttle_check(admin->throttle, user, address, login->now_us));
	TRY(store_run(admin->services->store, find_user, login));
	Err failed = password_check(str(login->request->password), login->user.password_hash);
	if (failed == ERR_LOGIN_FAILED)
		throttle_failed(admin->throttle, user, address, login->now_us);
	else if (failed == OK)
		throttle_passed(admin->throttle, user, address);
	return failed;
}

static Err log_in(Admin *admin, RpcCall *call, Login *login, Parley__Design__V1__LoginResponse *response)
{
	uint32_t lifetime_s = login->request->lifetime_s;
	char *token = arena_alloc(login->arena, TOKEN_SIZE);
	if (!token)
		return err(ERR_NO_MEMORY, "no memory for a token");
	if (lifetime_s > LIFETIME_MAX_S)
		return err_at(ERR_FIELD_INVALID, "lifetime_s",
		        "lifetime_s is more than %d: a token lives 90 days at most", LIFETIME_MAX_S);
	TRY(check_password(admin, call, login));
	login->expire_us = login->now_us + (lifetime_s ? lifetime_s : LIFETIME_DEFAULT_S) * US_PER_S;
	token_make(token);
	login->hash = token_hash(str(token));
	TRY(store_transact(admin->services->store, issue, login));
	response->token = token;
	response->role = grants_role(&login->user);
	return message_set_time(&response->base, "expire_time", login->expire_us, login->arena);
}

static void handle_login(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	Admin *admin = service;
	Login login = {.request = (const void *)request,
	        .arena = rpc_arena(call),
	        .now_us = clock_now_us(admin->services->clock)};
	Parley__Design__V1__LoginResponse response = PARLEY__DESIGN__V1__LOGIN_RESPONSE__INIT;
	Err failed = log_in(admin, call, &login, &response);
	rpc_answer(call, failed, &response.base);
}

static Err end_token(Pg *pg, void *context)
{
	const TokenHash *hash = context;
	return SQL_RUN(pg, NULL, token_delete, P_BYTES(token_bytes(hash)));
}

static void handle_logout(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	Admin *admin = service;
	TokenHash hash = token_hash(rpc_peer(call)->token);
	Parley__Design__V1__LogoutResponse response = PARLEY__DESIGN__V1__LOGOUT_RESPONSE__INIT;
	(void)request;
	Err failed = store_run(admin->services->store, end_token, &hash);
	rpc_answer(call, failed, &response.base);
}

typedef struct Who {
	const Principal *principal;
	Arena *arena;
	StoredUser user;
} Who;

static Err find_self(Pg *pg, void *context)
{
	Who *who = context;
	return user_get(pg, who->principal->user, false, who->arena, &who->user);
}

static void handle_who_am_i(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	Admin *admin = service;
	Who who = {.principal = rpc_principal(call), .arena = rpc_arena(call)};
	Parley__Design__V1__WhoAmIResponse response = PARLEY__DESIGN__V1__WHO_AM_IRESPONSE__INIT;
	(void)request;
	Err failed = store_run(admin->services->store, find_self, &who);
	if (failed == OK)
		failed = message_set_time(&response.base, "expire_time", who.principal->expire_us, who.arena);
	response.user = failed == OK ? user_message(&who.user, who.arena) : NULL;
	rpc_answer(call, failed, &response.base);
}

Err auth_register(Admin *admin, RpcServer *server)
{
	static const RpcMethod methods[] = {
	        {.name = "Login", .handler = handle_login, .blocking = true},
	        {.name = "Logout", .handler = handle_logout, .blocking = true},
	        {.name = "WhoAmI", .handler = handle_who_am_i, .blocking = true},
	};
	return rpc_server_add(
	        server, &parley__design__v1__auth_service__descriptor, methods, ARRAY_COUNT(methods), admin);
}
