// The methods that only look.
#include "release/internal.h"

#include "store/page.h"

enum { CURRENT_MAX = 1000 };

// --- ListDeployments ---

typedef struct List {
	Release *release;
	Arena *arena;
	const Parley__Design__V1__ListDeploymentsRequest *in;
	int64_t before;
	size_t limit;
	Row *rows;
	size_t count;
	ServerRollout ***servers;
	size_t *server_counts;
} List;

// Tokens hold only for the list that they were given for.
static Str list_query(const List *list)
{
	const char *query =
	        arena_printf(list->arena, "deployments/%s/%s", list->in->channel, list->in->environment);
	return str(query);
}

static Err check_page(List *list)
{
	Str position;
	list->before = INT64_MAX;
	TRY(page_token_read(str(list->in->page_token), list_query(list), list->arena, &position));
	if (position.len && !str_to_i64(position, &list->before))
		return err_at(ERR_PAGE_TOKEN_INVALID, "page_token",
		        "it says no position: start again without a token");
	TRY(page_size(list->in->page_size, &list->limit));
	return OK;
}

static Err read_page(Pg *pg, void *context)
{
	List *list = context;
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(SQL_RUN(pg, &result, deployment_page, P_CTEXT(list->in->channel), P_CTEXT(list->in->environment),
	        P_I64(list->before), P_I64((int64_t)list->limit + 1)));
	TRY(record_rows(result, list->arena, &list->rows, &list->count));
	list->servers = ARENA_ARRAY(list->arena, ServerRollout **, list->count);
	list->server_counts = ARENA_ARRAY(list->arena, size_t, list->count);
	if (!list->servers || !list->server_counts)
		return release_no_memory();
	return record_servers(pg, list->rows, list->count, list->arena, list->servers, list->server_counts);
}

static Err list_deployments(List *list, Parley__Design__V1__ListDeploymentsResponse *out)
{
	TRY(check_page(list));
	TRY(store_read(list->release->services->store, read_page, list));
	size_t count = list->count;
	if (count > list->limit) {
		count = list->limit;
		Str position = str(arena_printf(list->arena, "%lld", (long long)list->rows[count - 1].id));
		Str token = page_token_make(list_query(list), position, list->arena);
		out->next_page_token = arena_cstr(list->arena, token);
	}
	out->deployments = ARENA_ARRAY(list->arena, Deployment *, count);
	if (!out->deployments || !out->next_page_token)
		return release_no_memory();
	out->n_deployments = count;
	for (size_t i = 0; i < count; i++) {
		out->deployments[i] = map_deployment(&list->rows[i], list->arena);
		if (!out->deployments[i])
			return release_no_memory();
		map_servers(&list->rows[i], list->servers[i], list->server_counts[i], out->deployments[i]);
	}
	return OK;
}

void handle_list_deployments(void *release, RpcCall *call, const ProtobufCMessage *request)
{
	Parley__Design__V1__ListDeploymentsResponse out = PARLEY__DESIGN__V1__LIST_DEPLOYMENTS_RESPONSE__INIT;
	List list = {.release = release, .arena = rpc_arena(call), .in = (const void *)request};
	Err e = list_deployments(&list, &out);
	if (e)
		rpc_fail(call, e);
	else
		rpc_reply(call, &out.base);
}

// --- GetRolloutStatus ---

typedef struct Look {
	Release *release;
	Arena *arena;
	const Parley__Design__V1__GetRolloutStatusRequest *in;
	Row *rows;
	size_t count;
} Look;

static Err read_current(Pg *pg, void *context)
{
	Look *look = context;
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(SQL_RUN(pg, &result, deployment_current, P_CTEXT(look->in->channel),
	        P_CTEXT(look->in->environment), P_I64(CURRENT_MAX)));
	return record_rows(result, look->arena, &look->rows, &look->count);
}

static Err look_at(Look *look, const Row *row, Deployment **ret)
{
	const Environment *environment;
	*ret = map_deployment(row, look->arena);
	if (!*ret)
		return release_no_memory();
	// One that is no longer declared has no servers to ask.
	if (environment_find(&look->release->environments, row->environment, &environment)) {
		map_servers(row, NULL, 0, *ret);
		return OK;
	}
	ServerState *states;
	TRY(rollout(look->release, environment, row, false, look->arena, &states));
	return map_states(row, states, environment->servers.count, look->arena, *ret);
}

static Err get_rollout_status(Look *look, Parley__Design__V1__GetRolloutStatusResponse *out)
{
	const Environment *environment;
	if (*look->in->environment)
		TRY(environment_find(&look->release->environments, str(look->in->environment), &environment));
	TRY(store_read(look->release->services->store, read_current, look));
	out->deployments = ARENA_ARRAY(look->arena, Deployment *, look->count);
	if (!out->deployments)
		return release_no_memory();
	for (size_t i = 0; i < look->count; i++)
		TRY(look_at(look, &look->rows[i], &out->deployments[i]));
	out->n_deployments = look->count;
	return OK;
}

void handle_get_rollout_status(void *release, RpcCall *call, const ProtobufCMessage *request)
{
	Parley__Design__V1__GetRolloutStatusResponse out =
	        PARLEY__DESIGN__V1__GET_ROLLOUT_STATUS_RESPONSE__INIT;
	Look look = {.release = release, .arena = rpc_arena(call), .in = (const void *)request};
	Err e = get_rollout_status(&look, &out);
	if (e)
		rpc_fail(call, e);
	else
		rpc_reply(call, &out.base);
}

// --- ListEnvironments ---

static Parley__Design__V1__Environment *map_environment(const Environment *environment, Arena *arena)
{
	Parley__Design__V1__Environment *out = ARENA_NEW(arena, Parley__Design__V1__Environment);
	char **servers = ARENA_ARRAY(arena, char *, environment->servers.count);
	if (!out || !servers)
		return NULL;
	*out = (Parley__Design__V1__Environment)PARLEY__DESIGN__V1__ENVIRONMENT__INIT;
	out->name = arena_cstr(arena, environment->name);
	out->promotes_from = arena_cstr(arena, environment->promotes_from);
	out->fleet = arena_cstr(arena, environment->fleet);
	out->n_servers = environment->servers.count;
	out->servers = servers;
	for (size_t i = 0; i < out->n_servers; i++)
		servers[i] = arena_cstr(arena, environment_server(environment, i)->address);
	return out;
}

static Err list_environments(
        const Environments *environments, Arena *arena, Parley__Design__V1__ListEnvironmentsResponse *out)
{
	out->environments = ARENA_ARRAY(arena, Parley__Design__V1__Environment *, environments->count);
	if (!out->environments)
		return release_no_memory();
	for (size_t i = 0; i < environments->count; i++) {
		out->environments[i] = map_environment(&environments->items[i], arena);
		if (!out->environments[i])
			return release_no_memory();
	}
	out->n_environments = environments->count;
	return OK;
}

void handle_list_environments(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	const Release *release = context;
	Parley__Design__V1__ListEnvironmentsResponse out =
	        PARLEY__DESIGN__V1__LIST_ENVIRONMENTS_RESPONSE__INIT;
	(void)request;
	Err e = list_environments(&release->environments, rpc_arena(call), &out);
	if (e)
		rpc_fail(call, e);
	else
		rpc_reply(call, &out.base);
}
