// How a plan stands, told; and which of its approvals count. As with deployments, a signature in the database
// is what somebody claims, and is verified under the newest root whenever it is counted.
#include "execution/internal.h"

#include "store/page.h"
#include "wire/json.h"
#include "wire/timestamp.h"

typedef Parley__Design__V1__PlanApproval PlanApproval;
typedef Parley__Design__V1__PlanMoved PlanMoved;

// --- approvals ---

typedef struct Approvals {
	PlanApproval **items;
	size_t count, needed;
	bool of_this; // what was signed is this plan
} Approvals;

static bool is_counted(const Approvals *approvals, Str holder)
{
	for (size_t i = 0; i < approvals->count; i++)
		if (str_eq(str(approvals->items[i]->approver), holder))
			return true;
	return false;
}

static Err count_row(const PgResult *rows, size_t i, const TrustRoot *root, const PlanRow *plan, Arena *arena,
        Approvals *ret)
{
	Parley__Snapshot__V1__Signature signature = PARLEY__SNAPSHOT__V1__SIGNATURE__INIT;
	PlanApproval *approval = ARENA_NEW(arena, PlanApproval);
	Str bytes = pg_bytes(rows, i, 1, arena), holder;
	if (approval == NULL)
		return execution_no_memory();
	parley__design__v1__plan_approval__init(approval);
	signature.keyid = approval->keyid = arena_cstr(arena, pg_text(rows, i, 0));
	signature.sig = (ProtobufCBinaryData){bytes.len, (uint8_t *)(uintptr_t)bytes.ptr};
	if (approval_check(
	            root, STR(PLAN_PAYLOAD_TYPE), plan->statement, plan->author, &signature, &holder) != OK ||
	        is_counted(ret, holder))
		return OK;
	approval->approver = arena_cstr(arena, holder);
	approval->comment = arena_cstr(arena, pg_text(rows, i, 2));
	approval->time = wire_timestamp(pg_time(rows, i, 3), arena);
	ret->items[ret->count++] = approval;
	return approval->approver && approval->comment ? OK : execution_no_memory();
}

static Err count_approvals(
        Pg *pg, const Environment *environment, const PlanRow *plan, Arena *arena, Approvals *ret)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	TrustRoot root;
	TRY(environment_root(pg, environment, arena, &root));
	TRY(SQL_RUN(pg, &rows, plan_approval_list, P_I64(plan->id)));
	*ret = (Approvals){.items = ARENA_ARRAY(arena, PlanApproval *, pg_rows(rows) + 1),
	        .needed = root_threshold(&root, KEY_APPROVER)};
	if (ret->items == NULL)
		return execution_no_memory();
	ret->of_this = plan->statement.len == 0;
	if (plan->statement.len > 0)
		TRY(plan_statement_fits(plan, arena, &ret->of_this));
	for (size_t i = 0; i < pg_rows(rows) && ret->of_this; i++)
		TRY(count_row(rows, i, &root, plan, arena, ret));
	return OK;
}

Err plan_check_approvals(Pg *pg, const Environment *environment, const PlanRow *row, Arena *arena)
{
	Approvals approvals;
	TRY(count_approvals(pg, environment, row, arena, &approvals));
	if (!approvals.of_this)
		return err(ERR_APPROVALS_MISSING,
		        "what was signed is another plan than this: somebody has changed it in the database; "
		        "withdraw it and submit it again");
	if (approvals.count >= approvals.needed)
		return OK;
	return err(ERR_APPROVALS_MISSING,
	        "the plan has %zu of the %zu approvals that " STR_FMT
	        " asks for: parley plan approve PLAN --env " STR_FMT " --key FILE",
	        approvals.count, approvals.needed, STR_ARG(environment->name), STR_ARG(environment->name));
}

// --- what has moved ---

static char *member(const json_t *object, const char *key, Arena *arena)
{
	const char *text = json_string_value(json_object_get(object, key));
	return arena_cstr(arena, str(text ? text : ""));
}

static Err fill_moved(const PlanRow *row, Arena *arena, SubmittedPlan *ret)
{
	CLEANUP(json_decrefp_) json_t *list = NULL;
	TRY(json_parse(row->moved, row->moved.len, &list));
	size_t count = json_array_size(list);
	PlanMoved *items = ARENA_ARRAY(arena, PlanMoved, count + 1);
	ret->moved = ARENA_ARRAY(arena, PlanMoved *, count + 1);
	if (!items || !ret->moved)
		return execution_no_memory();
	for (size_t i = 0; i < count; i++) {
		const json_t *moved = json_array_get(list, i);
		parley__design__v1__plan_moved__init(&items[i]);
		items[i].what = member(moved, "what", arena);
		items[i].subject = member(moved, "subject", arena);
		items[i].detail = member(moved, "detail", arena);
		ret->moved[ret->n_moved++] = &items[i];
	}
	return OK;
}

// --- all of it ---

static Err count_told(
        Pg *pg, const Environment *environment, const PlanRow *row, Arena *arena, SubmittedPlan *ret)
{
	CLEANUP(pg_result_freep) PgResult *told = NULL;
	size_t count = environment->servers.count;
	Str *names = ARENA_ARRAY(arena, Str, count + 1);
	if (names == NULL)
		return execution_no_memory();
	ret->servers = (uint32_t)count;
	for (size_t i = 0; i < count; i++)
		names[i] = environment_server(environment, i)->name;
	if (row->last_effect == 0)
		ret->servers_told = row->state == PLAN_STATE(EXECUTED) ? ret->servers : 0;
	if (row->last_effect == 0 || row->state != PLAN_STATE(EXECUTED))
		return OK;
	TRY(SQL_RUN(pg, &told, plan_told, P_TEXT(environment->name), P_TEXTS(names, count),
	        P_I64(row->last_effect)));
	ret->servers_told = (uint32_t)pg_i64(told, 0, 0);
	return OK;
}

static void fill(const PlanRow *row, Arena *arena, SubmittedPlan *ret)
{
	char hex[65];
	digest_hex(&row->digest, hex);
	ret->environment = arena_cstr(arena, row->environment);
	ret->digest = arena_cstr(arena, str(hex));
	ret->channel = arena_cstr(arena, row->channel);
	ret->state = row->state;
	ret->author = arena_cstr(arena, row->author);
	ret->comment = arena_cstr(arena, row->comment);
	ret->create_time = wire_timestamp(row->created_us, arena);
	ret->statement = (ProtobufCBinaryData){row->statement.len, (uint8_t *)(uintptr_t)row->statement.ptr};
	ret->effects = (uint64_t)row->effects;
	ret->done = (uint64_t)row->done;
	ret->received = (uint64_t)row->bytes;
	ret->executed_by = arena_cstr(arena, row->executed_by);
	ret->begin_time = row->begun_us ? wire_timestamp(row->begun_us, arena) : NULL;
	ret->execute_time = row->executed_us ? wire_timestamp(row->executed_us, arena) : NULL;
	ret->reason = arena_cstr(arena, row->reason);
	ret->source = arena_cstr(arena, row->source);
	ret->records = (uint64_t)row->sequence;
}

Err plan_message(
        Pg *pg, const Environment *environment, const PlanRow *row, Arena *arena, SubmittedPlan **ret)
{
	SubmittedPlan *plan = ARENA_NEW(arena, SubmittedPlan);
	Approvals approvals;
	if (plan == NULL)
		return execution_no_memory();
	parley__design__v1__submitted_plan__init(plan);
	fill(row, arena, plan);
	TRY(fill_moved(row, arena, plan));
	TRY(count_told(pg, environment, row, arena, plan));
	TRY(count_approvals(pg, environment, row, arena, &approvals));
	plan->approvals_needed = (uint32_t)approvals.needed;
	plan->approvals = approvals.items;
	plan->n_approvals = approvals.count;
	*ret = plan;
	return OK;
}

// --- the methods that only look ---

typedef struct Look {
	Executions *executions;
	Arena *arena;
	const Environment *environment;
	Digest digest;
	SubmittedPlan *plan;
	const Parley__Design__V1__ListPlansRequest *list;
	int64_t before;
	size_t limit;
	Parley__Design__V1__ListPlansResponse out;
} Look;

static Err look(Pg *pg, void *context)
{
	Look *work = context;
	PlanRow row;
	TRY(plan_row_find(pg, work->environment->name, &work->digest, false, work->arena, &row));
	TRY(plan_message(pg, work->environment, &row, work->arena, &work->plan));
	work->plan->checked = executions_checked(work->executions, row.id);
	return OK;
}

void handle_get_plan(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	const Parley__Design__V1__GetPlanRequest *in = (const void *)request;
	Executions *executions = context;
	Look work = {.executions = executions, .arena = rpc_arena(call)};
	Err e = environment_find(executions->environments, str(in->environment), &work.environment);
	if (e == OK && in->digest.len != sizeof work.digest.bytes)
		e = err_at(ERR_FIELD_INVALID, "digest", "a digest has 32 bytes, not %zu", in->digest.len);
	if (e == OK) {
		memcpy(work.digest.bytes, in->digest.data, sizeof work.digest.bytes);
		e = store_read(executions->services->store, look, &work);
	}
	if (e == OK)
		rpc_reply(call, &work.plan->base);
	else
		rpc_fail(call, e);
}

static Err read_page(Pg *pg, void *context)
{
	Look *work = context;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	PlanRow row = {0};
	parley__design__v1__list_plans_response__init(&work->out);
	TRY(SQL_RUN(pg, &rows, plan_page, P_TEXT(work->environment->name), P_I64(work->before),
	        P_I64((int64_t)work->limit + 1)));
	work->out.plans = ARENA_ARRAY(work->arena, SubmittedPlan *, pg_rows(rows) + 1);
	if (work->out.plans == NULL)
		return execution_no_memory();
	for (size_t i = 0; i < pg_rows(rows) && i < work->limit; i++) {
		TRY(plan_row(rows, i, work->arena, &row));
		TRY(plan_message(pg, work->environment, &row, work->arena, &work->out.plans[i]));
		work->out.n_plans++;
	}
	if (pg_rows(rows) <= work->limit)
		return OK;
	Str place = str(arena_printf(work->arena, "%lld", (long long)row.id));
	work->out.next_page_token =
	        arena_cstr(work->arena, page_token_make(work->environment->name, place, work->arena));
	return work->out.next_page_token ? OK : execution_no_memory();
}

static Err list_plans(Look *work)
{
	Str position;
	work->before = INT64_MAX;
	TRY(environment_find(
	        work->executions->environments, str(work->list->environment), &work->environment));
	TRY(page_size(work->list->page_size, &work->limit));
	TRY(page_token_read(str(work->list->page_token), work->environment->name, work->arena, &position));
	if (position.len && !str_to_i64(position, &work->before))
		return err_at(ERR_PAGE_TOKEN_INVALID, "page_token",
		        "it says no position: start again without a token");
	return store_read(work->executions->services->store, read_page, work);
}

void handle_list_plans(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Look work = {.executions = context, .arena = rpc_arena(call), .list = (const void *)request};
	Err e = list_plans(&work);
	rpc_answer(call, e, &work.out.base);
}
