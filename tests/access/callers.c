// Everybody who may turn up: users of each role for all environments and for test alone, one without any
// role, and each kind of certificate and token, of this environment and of another.
#include "access.h"

#include "rpc/rpc.h"

#include "parley/design/v1/auth.pb-c.h"

#include <grpc/slice.h>
#include <stdio.h>

enum { TIMEOUT_MS = 30000 };

static const char *const roles[] = {"viewer", "designer", "qa", "approver", "administrator"};

static char *line_of(const char *path, Arena *arena)
{
	Str text = text_of(path, arena);

	while (text.len > 0 && text.ptr[text.len - 1] == '\n')
		text.len--;
	return arena_cstr(arena, text);
}

static char *log_in(const Options *options, const char *user, Arena *arena)
{
	const RpcTls tls = {.ca_file = options->ca};
	RpcClient *client = NULL;
	Parley__Design__V1__LoginRequest request = PARLEY__DESIGN__V1__LOGIN_REQUEST__INIT;
	ProtobufCMessage *response = NULL;

	request.user = (char *)(uintptr_t)user;
	request.password = line_of(options->password, arena);
	if (rpc_client_new(&(RpcClientOptions){.target = options->design, .tls = &tls}, &client) != OK ||
	        rpc_call(client, &parley__design__v1__auth_service__descriptor, "Login", &request.base,
	                TIMEOUT_MS, arena, &response) != OK)
		die("%s cannot sign in: %s", user, err_detail()->message);
	rpc_client_free(client);
	return ((Parley__Design__V1__LoginResponse *)response)->token;
}

static Caller *add(Callers *callers, ServerIndex server, CallerKind kind, const char *name)
{
	Caller *caller = &callers->items[callers->count++];

	*caller = (Caller){.kind = kind, .credential = {.name = name, .server = server}};
	return caller;
}

static void add_user(
        Callers *callers, const Options *options, const char *role, const char *environment, Arena *arena)
{
	bool all = environment && strcmp(environment, "*") == 0;
	const char *name = role ? arena_printf(arena, "%s-%s", role, all ? "all" : environment) : "nothing";
	Caller *caller = add(callers, DESIGN, CALLER_USER, name);

	caller->credential.token = log_in(options, name, arena);
	caller->role = role;
	caller->environment = environment;
}

static void add_certificate(Callers *callers, const Options *options, ServerIndex server, const char *role,
        const char *environment, Arena *arena)
{
	const char *name = environment ? arena_printf(arena, "%s-%s", role, environment) : role;
	Caller *caller =
	        add(callers, server, CALLER_CERTIFICATE, arena_printf(arena, "certificate %s", name));

	caller->credential.certificate = arena_printf(arena, "%s/%s.crt", options->keys, name);
	caller->credential.key = arena_printf(arena, "%s/%s.key", options->keys, name);
	caller->role = role;
	caller->environment = environment;
}

static void add_token(Callers *callers, const Options *options, const char *environment, Arena *arena)
{
	Caller *caller =
	        add(callers, RUNTIME, CALLER_TOKEN, arena_printf(arena, "token touchpoint-%s", environment));

	caller->credential.token =
	        line_of(arena_printf(arena, "%s/%s/touchpoint.token", options->tokens, environment), arena);
	caller->role = "touchpoint";
	caller->environment = environment;
}

void callers_open(const Options *options, Arena *arena, Callers *ret)
{
	static const char *const holders[] = {"runtime", "touchpoint", "operator"};

	for (ServerIndex server = DESIGN; server < SERVER_COUNT; server++) {
		add(ret, server, CALLER_NONE, "nobody");
		add(ret, server, CALLER_WRONG, "wrong token")->credential.token =
		        arena_cstr(arena, STR("bm90LWEtdG9rZW4"));
		add_certificate(ret, options, server, "design", NULL, arena);
		for (size_t i = 0; i < ARRAY_COUNT(holders); i++) {
			add_certificate(ret, options, server, holders[i], "test", arena);
			add_certificate(ret, options, server, holders[i], "staging", arena);
		}
	}
	for (size_t i = 0; i < ARRAY_COUNT(roles); i++) {
		add_user(ret, options, roles[i], "*", arena);
		add_user(ret, options, roles[i], "test", arena);
	}
	add_user(ret, options, NULL, NULL, arena);
	add_token(ret, options, "test", arena);
	add_token(ret, options, "staging", arena);
	Caller *stray = add(ret, RUNTIME, CALLER_WRONG, "administrator-all's token");
	stray->credential.token = log_in(options, "administrator-all", arena);
	for (size_t i = 0; i < ret->count; i++)
		credential_open(&ret->items[i].credential,
		        ret->items[i].credential.server == DESIGN ? options->design : options->runtime,
		        options->ca);
}

void callers_close(Callers *callers)
{
	for (size_t i = 0; i < callers->count; i++)
		credential_close(&callers->items[i].credential);
}
