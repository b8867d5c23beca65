// Where a server is comes from the command line, else from the context. A connection without a CA is
// plaintext and goes to this machine only: a token is not to be read off a wire.
#include "connect.h"

#include "base/file.h"
#include "parley/runtime/v1/interaction.pb-c.h"
#include "rpc/rpc.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { TOKEN_FILE_MAX = 4096, PAGE_SIZE = 500, MESSAGE_MAX = 16 << 20 };

static const char *text_or_null(Arena *arena, Str text)
{
	return text.len ? arena_cstr(arena, text) : NULL;
}

static Str host_of(Str address)
{
	size_t end = address.len;

	while (end && address.ptr[end - 1] != ':')
		end--;
	return end ? str_n(address.ptr, end - 1) : address;
}

static bool is_loopback(Str address)
{
	Str host = host_of(address);

	return str_eq(host, STR("localhost")) || str_starts(host, STR("127.")) || str_eq(host, STR("[::1]"));
}

static Err design_place(Cli *cli, Endpoint *ret, const char **ret_token)
{
	const char *address = cli_option(cli, OPT_DESIGN), *token = cli_option(cli, OPT_TOKEN);
	Str kept;

	*ret = cli->context->design;
	if (address)
		ret->address = str(address);
	if (!token)
		token = getenv("PARLEY_TOKEN");
	if (!token || !*token) {
		TRY(context_token_load(&cli->contexts, cli->context, cli->arena, &kept));
		token = text_or_null(cli->arena, kept);
	}
	*ret_token = token;
	if (!ret->address.len)
		return err(ERR_CONFIG_INVALID, "no design server is known; say parley context set NAME "
		                               "--design HOST:PORT --ca FILE, "
		                               "or give --design HOST:PORT");
	return OK;
}

// The touchpoint's token that the place names; NULL if it names none.
static Err place_token(Cli *cli, const Endpoint *place, const char **ret)
{
	Str text;

	*ret = NULL;
	if (!place->token_file.len)
		return OK;
	TRY(file_read(arena_cstr(cli->arena, place->token_file), TOKEN_FILE_MAX, cli->arena, &text));
	*ret = arena_cstr(cli->arena, str_n(text.ptr, strcspn(text.ptr, "\r\n")));
	return OK;
}

// The environment is the one that --env names, or the only one.
static Err runtime_place(Cli *cli, Endpoint *ret, const char **ret_token)
{
	const char *address = cli_option(cli, OPT_RUNTIME), *name = cli_option(cli, OPT_ENV),
	           *token = cli_option(cli, OPT_TOKEN);
	const ContextEnvironment *environment = NULL;

	if (name)
		environment = context_environment(cli->context, str(name));
	else if (cli->context->environments.count == 1)
		environment = cli->context->environments.items;
	*ret = environment ? environment->runtime : (Endpoint){0};
	if (address)
		ret->address = str(address);
	if (!ret->address.len && cli->context->environments.count && !name)
		return cli_usage(cli, "which environment? give --env ENVIRONMENT");
	if (!ret->address.len)
		return err(ERR_CONFIG_INVALID,
		        "no runtime server is known for %s; say parley context set NAME --env ENVIRONMENT "
		        "--runtime HOST:PORT …, or give --runtime HOST:PORT",
		        name ? name : "this context");
	*ret_token = token;
	return token ? OK : place_token(cli, ret, ret_token);
}

// The trace that the calls are part of: the one that the environment names, or with --trace a new one. NULL:
// none.
static const char *traceparent(Cli *cli)
{
	const char *given = getenv("TRACEPARENT");
	char trace[2 * TRACE_ID_SIZE + 1];
	TraceContext context;
	bool goes_on = given && trace_parent_read(str(given), &context);

	if (cli->traceparent[0] || (!goes_on && !cli_given(cli, OPT_TRACE)))
		return cli->traceparent[0] ? cli->traceparent : NULL;
	if (!goes_on)
		context = trace_context_new();
	if (cli_given(cli, OPT_TRACE)) {
		context.sampled = true;
		hex_encode(context.ids, TRACE_ID_SIZE, trace);
		fprintf(stderr, "trace: %.32s\n", trace);
	}
	trace_parent_write(&context, cli->traceparent);
	return cli->traceparent;
}

static Err connect_to(Cli *cli, const Endpoint *place, const char *token, RpcClient **ret)
{
	const RpcTls tls = {.certificate_file = text_or_null(cli->arena, place->certificate),
	        .key_file = text_or_null(cli->arena, place->key),
	        .ca_file = text_or_null(cli->arena, place->ca)};

	if (!place->ca.len && !is_loopback(place->address))
		return err(ERR_CONFIG_INVALID,
		        STR_FMT
		        " is another machine, and without a CA the connection would be readable by all; "
		        "say parley context set NAME … --ca FILE",
		        STR_ARG(place->address));
	if (!cli->connected)
		rpc_init();
	cli->connected = true;
	cli_verbose(
	        cli, "connecting to " STR_FMT "%s", STR_ARG(place->address), place->ca.len ? " by TLS" : "");
	return rpc_client_new(&(RpcClientOptions){.target = arena_cstr(cli->arena, place->address),
	                              .tls = place->ca.len ? &tls : NULL,
	                              .tls_name = text_or_null(cli->arena, place->server_name),
	                              .token = token,
	                              .traceparent = traceparent(cli),
	                              .max_message = MESSAGE_MAX},
	        ret);
}

static Err client_get(Cli *cli, Server server, RpcClient **ret)
{
	RpcClient **client = server == SERVER_DESIGN ? &cli->design : &cli->runtime;
	const char *token = NULL;
	Endpoint place;

	if (!*client) {
		TRY(server == SERVER_DESIGN ? design_place(cli, &place, &token)
		                            : runtime_place(cli, &place, &token));
		TRY(connect_to(cli, &place, token, client));
	}
	*ret = *client;
	return OK;
}

Err cli_runtime_client(Cli *cli, RpcClient **ret)
{
	const char *token = NULL;
	Endpoint place;

	TRY(runtime_place(cli, &place, &token));
	return connect_to(cli, &place, token, ret);
}

void cli_disconnect(Cli *cli)
{
	if (!cli->connected)
		return;
	rpc_client_free(cli->design);
	rpc_client_free(cli->runtime);
	rpc_shutdown();
}

Err cli_ask(Cli *cli, Server server, const ProtobufCServiceDescriptor *service, const char *method,
        const ProtobufCMessage *request, Arena *arena, ProtobufCMessage **ret)
{
	RpcClient *client;

	TRY(client_get(cli, server, &client));
	cli_verbose(cli, "calling %s.%s", service->name, method);
	return rpc_call(client, service, method, request, cli->timeout_ms, arena, ret);
}

Err cli_ask_environment(Cli *cli, const ContextEnvironment *environment,
        const ProtobufCServiceDescriptor *service, const char *method, const ProtobufCMessage *request,
        Arena *arena, ProtobufCMessage **ret)
{
	const Endpoint *place = &environment->runtime;
	CLEANUP(rpc_client_freep) RpcClient *client = NULL;
	const char *token = NULL;

	TRY(place_token(cli, place, &token));
	TRY(connect_to(cli, place, token, &client));
	cli_verbose(cli, "calling %s.%s", service->name, method);
	return rpc_call(client, service, method, request, cli->timeout_ms, arena, ret);
}

static const ProtobufCMethodDescriptor *method_find(
        const ProtobufCServiceDescriptor *service, const char *name)
{
	return protobuf_c_service_descriptor_get_method_by_name(service, name);
}

Err cli_call(Cli *cli, Server server, const ProtobufCServiceDescriptor *service, const char *method,
        json_t *request, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *owned = request;
	const ProtobufCMethodDescriptor *descriptor = method_find(service, method);
	ProtobufCMessage *message, *answer;
	RpcClient *client;

	if (!owned || !descriptor)
		return err(ERR_INTERNAL, "%s.%s cannot be called", service->name, method);
	TRY(json_to_message(owned, descriptor->input, cli->arena, &message));
	TRY(client_get(cli, server, &client));
	cli_verbose(cli, "calling %s.%s", service->name, method);
	TRY(rpc_call(client, service, method, message, cli->timeout_ms, cli->arena, &answer));
	return json_from_message(answer, JSON_FOR_PEOPLE, ret);
}

Err cli_interact(Cli *cli, const char *method, json_t *request, json_t **ret)
{
	return cli_call(cli, SERVER_RUNTIME, &parley__runtime__v1__interaction_service__descriptor, method,
	        request, ret);
}

Err cli_list(Cli *cli, const ProtobufCServiceDescriptor *service, const char *method, json_t *request,
        const char *items, size_t limit, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *base = request;
	CLEANUP(json_decrefp_) json_t *all = json_array();
	size_t asked = limit && limit < PAGE_SIZE ? limit : PAGE_SIZE;

	json_object_set_new(base, "page_size", json_integer((json_int_t)asked));
	for (;;) {
		CLEANUP(json_decrefp_) json_t *answer = NULL;
		json_t *token;

		TRY(cli_call(cli, SERVER_DESIGN, service, method, json_incref(base), &answer));
		json_array_extend(all, json_object_get(answer, items));
		token = json_object_get(answer, "next_page_token");
		if (!token || (limit && json_array_size(all) >= limit))
			break;
		json_object_set(base, "page_token", token);
	}
	while (limit && json_array_size(all) > limit)
		json_array_remove(all, json_array_size(all) - 1);
	*ret = STEAL(all);
	return OK;
}
