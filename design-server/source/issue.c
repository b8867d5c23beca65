#include "source/internal.h"

#include <stdio.h>

typedef Parley__Design__V1__IssueSourceCodesRequest Request;
typedef Parley__Design__V1__IssueSourceCodesResponse Response;

enum { COUNT_MAX = 1000 };

typedef struct Issue {
	const Request *request;
	const Environment *environment;
	LinkKeys keys;
	Arena *arena;
	SourceRow row; // what all have
	int64_t now_us;
	Str *codes;
} Issue;

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for the source codes");
}

static Err check_names(Pg *pg, const Request *request)
{
	static const struct {
		const char *field, *what;
	} names[] = {{"channel", "channel"}, {"offer_code", "offer with the code"},
	        {"campaign", "campaign with the code"}, {"cell", "cell in that campaign with the code"}};
	const char *given[] = {request->channel, request->offer_code, request->campaign, request->cell};
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(SQL_RUN(pg, &result, source_code_names, P_CTEXT(request->channel), P_CTEXT(request->offer_code),
	        P_CTEXT(request->campaign), P_CTEXT(request->cell)));
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		if (!pg_bool(result, 0, i))
			return err_at(ERR_RESOURCE_NOT_FOUND, names[i].field, "there is no %s \"%s\"",
			        names[i].what, given[i]);
	return OK;
}

static Err make_codes(Pg *pg, Issue *issue)
{
	CLEANUP(pg_result_freep) PgResult *serials = NULL;
	TRY(SQL_RUN(pg, &serials, source_code_serials, P_I64(issue->request->count)));
	issue->codes = ARENA_ARRAY(issue->arena, Str, issue->request->count);
	for (size_t i = 0; issue->codes && i < issue->request->count; i++) {
		char *code = arena_alloc(issue->arena, LINK_SOURCE_TEXT + 1);
		if (!code)
			return no_memory();
		link_source_write(&issue->keys, issue->row.channel, issue->row.offer_code,
		        (uint32_t)pg_i64(serials, i, 0), code);
		issue->codes[i] = str(code);
	}
	return issue->codes ? OK : no_memory();
}

static Err tell_audit(Pg *pg, const Issue *issue)
{
	const char *after = arena_printf(issue->arena,
	        "{\"count\":%u,\"first\":\"" STR_FMT "\",\"campaign\":\"%s\",\"cell\":\"%s\"}",
	        issue->request->count, STR_ARG(issue->codes[0]), issue->request->campaign,
	        issue->request->cell);
	return after ? audit_write(pg, &(Audit){.time_us = issue->now_us,
	                                       .actor = issue->row.issuer,
	                                       .action = STR("issue"),
	                                       .kind = STR("SourceCode"),
	                                       .channel = issue->row.channel,
	                                       .name = issue->row.offer_code,
	                                       .after = str(after)})
	             : no_memory();
}

static Err issue_codes(Pg *pg, void *context)
{
	Issue *issue = context;
	const SourceRow *row = &issue->row;
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(check_names(pg, issue->request));
	TRY(make_codes(pg, issue));
	TRY(SQL_RUN(pg, &result, source_code_add, P_TEXT(row->environment), P_TEXT(row->channel),
	        P_TEXTS(issue->codes, issue->request->count), P_TEXT(row->offer_code), P_TEXT(row->campaign),
	        P_TEXT(row->cell), row->expires_us ? P_TIME(row->expires_us) : P_NULL, P_TIME(row->issued_us),
	        P_TEXT(row->issuer)));
	return tell_audit(pg, issue);
}

static Err check_request(const Issue *issue)
{
	const Request *in = issue->request;
	if (!*in->channel || !*in->offer_code)
		return err_at(ERR_FIELD_MISSING, *in->channel ? "offer_code" : "channel",
		        "name the channel and the offer's code");
	if (*in->cell && !*in->campaign)
		return err_at(ERR_FIELD_MISSING, "campaign", "a cell is a campaign's: name that too");
	if (in->count < 1 || in->count > COUNT_MAX)
		return err_at(ERR_FIELD_INVALID, "count", "it is %u: ask for 1 to %d at a time", in->count,
		        COUNT_MAX);
	if (in->expire_time && issue->row.expires_us <= issue->now_us)
		return err_at(ERR_FIELD_INVALID, "expire_time", "it is over already");
	return OK;
}

static Err read_request(const SourceCodes *codes, const Principal *who, Issue *issue)
{
	const Request *in = issue->request;
	issue->now_us = clock_now_us(codes->services->clock);
	issue->row = (SourceRow){.environment = str(in->environment),
	        .channel = str(in->channel),
	        .offer_code = str(in->offer_code),
	        .campaign = str(in->campaign),
	        .cell = str(in->cell),
	        .issuer = who->user,
	        .issued_us = issue->now_us};
	if (in->expire_time && in->expire_time->seconds > 0 &&
	        in->expire_time->seconds < INT64_C(253402300800))
		issue->row.expires_us = in->expire_time->seconds * US_PER_S + in->expire_time->nanos / 1000;
	TRY(check_request(issue));
	TRY(environment_find(codes->environments, issue->row.environment, &issue->environment));
	if (!issue->environment->links.key.len)
		return err_at(ERR_CONFIG_INVALID, "environment",
		        "%s has no links: give its environment.yaml links.base and links.key, the same key "
		        "as its runtime servers have",
		        in->environment);
	return link_keys_read(arena_cstr(issue->arena, issue->environment->links.key), issue->row.environment,
	        &issue->keys);
}

static Err answer(const Issue *issue, Response *response)
{
	size_t count = issue->request->count;
	response->codes = ARENA_ARRAY(issue->arena, SourceCode *, count);
	for (size_t i = 0; response->codes && i < count; i++) {
		SourceRow row = issue->row;
		row.code = issue->codes[i];
		response->codes[i] = source_message(&row, issue->environment->links.base, issue->arena);
		if (!response->codes[i])
			return no_memory();
	}
	response->n_codes = count;
	return response->codes ? OK : no_memory();
}

static void handle_issue_source_codes(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	const SourceCodes *codes = context;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Response response = PARLEY__DESIGN__V1__ISSUE_SOURCE_CODES_RESPONSE__INIT;
	Issue issue = {.request = (const Request *)request, .arena = arena};
	Err e = arena ? read_request(codes, rpc_principal(call), &issue) : no_memory();
	if (e == OK)
		e = store_transact(codes->services->store, issue_codes, &issue);
	if (e == OK)
		e = answer(&issue, &response);
	rpc_answer(call, e, &response.base);
}

Err source_register(Services *services, const Environments *environments, Arena *arena, RpcServer *server)
{
	static const RpcMethod methods[] = {
	        {.name = "IssueSourceCodes", .handler = handle_issue_source_codes, .blocking = true},
	        {.name = "ListSourceCodes", .handler = handle_list_source_codes, .blocking = true},
	};
	SourceCodes *codes = ARENA_NEW(arena, SourceCodes);
	if (!codes)
		return err(ERR_NO_MEMORY, "no memory to start");
	*codes = (SourceCodes){services, environments};
	return rpc_server_add(server, &parley__design__v1__source_code_service__descriptor, methods,
	        ARRAY_COUNT(methods), codes);
}
