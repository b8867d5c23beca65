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
	Deployment **out;
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
	list->out = ARENA_ARRAY(list->arena, Deployment *, list->count);
	if (!list->out)
		return release_no_memory();
	for (size_t i = 0; i < list->count; i++) {
		list->out[i] = map_deployment(&list->rows[i], list->arena);
		if (!list->out[i])
			return release_no_memory();
		TRY(map_details(pg, list->release, &list->rows[i], list->arena, list->out[i]));
	}
	return OK;
}

static Err list_deployments(List *list, Parley__Design__V1__ListDeploymentsResponse *out)
{
	TRY(check_page(list));
	TRY(store_read(list->release->services->store, read_page, list));
	if (!list->count && !*list->in->page_token)
		return environment_asked(list->release->environments, list->release->services->store,
		        list->in->environment, list->in->channel);
	size_t count = list->count;
	if (count > list->limit) {
		count = list->limit;
		Str position = str(arena_printf(list->arena, "%lld", (long long)list->rows[count - 1].id));
		Str token = page_token_make(list_query(list), position, list->arena);
		out->next_page_token = arena_cstr(list->arena, token);
		if (!out->next_page_token)
			return release_no_memory();
	}
	out->deployments = list->out;
	out->n_deployments = count;
	return OK;
}

void handle_list_deployments(void *release, RpcCall *call, const ProtobufCMessage *request)
{
	Parley__Design__V1__ListDeploymentsResponse out = PARLEY__DESIGN__V1__LIST_DEPLOYMENTS_RESPONSE__INIT;
	List list = {.release = release, .arena = rpc_arena(call), .in = (const void *)request};
	Err e = list_deployments(&list, &out);
	rpc_answer(call, e, &out.base);
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

static Err get_rollout_status(Look *look, Parley__Design__V1__GetRolloutStatusResponse *out)
{
	const Environment *environment;
	if (*look->in->environment)
		TRY(environment_find(look->release->environments, str(look->in->environment), &environment));
	TRY(store_read(look->release->services->store, read_current, look));
	if (!look->count)
		return environment_asked(
		        look->release->environments, look->release->services->store, "", look->in->channel);
	out->deployments = ARENA_ARRAY(look->arena, Deployment *, look->count);
	if (!out->deployments)
		return release_no_memory();
	for (size_t i = 0; i < look->count; i++)
		TRY(deployment_look(look->release, look->rows[i].id, look->arena, &out->deployments[i]));
	out->n_deployments = look->count;
	return OK;
}

void handle_get_rollout_status(void *release, RpcCall *call, const ProtobufCMessage *request)
{
	Parley__Design__V1__GetRolloutStatusResponse out =
	        PARLEY__DESIGN__V1__GET_ROLLOUT_STATUS_RESPONSE__INIT;
	Look look = {.release = release, .arena = rpc_arena(call), .in = (const void *)request};
	Err e = get_rollout_status(&look, &out);
	rpc_answer(call, e, &out.base);
}

// --- ListEnvironments ---

typedef struct All {
	const Environments *environments;
	Arena *arena;
	int64_t now_us;
	Parley__Design__V1__Environment **out;
} All;

static Err read_environments(Pg *pg, void *context)
{
	All *all = context;
	all->out = ARENA_ARRAY(all->arena, Parley__Design__V1__Environment *, all->environments->count);
	if (!all->out)
		return release_no_memory();
	for (size_t i = 0; i < all->environments->count; i++)
		TRY(environment_message(
		        pg, &all->environments->items[i], all->now_us, all->arena, &all->out[i]));
	return OK;
}

void handle_list_environments(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Release *release = context;
	Parley__Design__V1__ListEnvironmentsResponse out =
	        PARLEY__DESIGN__V1__LIST_ENVIRONMENTS_RESPONSE__INIT;
	All all = {.environments = release->environments,
	        .arena = rpc_arena(call),
	        .now_us = clock_now_us(release->services->clock)};
	(void)request;
	Err e = store_read(release->services->store, read_environments, &all);
	if (e) {
		rpc_fail(call, e);
		return;
	}
	out.environments = all.out;
	out.n_environments = release->environments->count;
	rpc_reply(call, &out.base);
}
