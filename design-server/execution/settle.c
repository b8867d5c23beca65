// ApprovePlan, ExecutePlan and WithdrawPlan. A signature is taken only from the person whose key it is,
// logged in as that person; who submitted the plan signs for nobody. Executing only says that it is wanted:
// the thread checks the world and does it.
#include "execution/internal.h"

enum { KEYID_MAX = 128, SIGNATURE_SIZE = 64 };

typedef struct Settle {
	Executions *executions;
	Arena *arena;
	const Environment *environment;
	const Principal *who;
	int64_t now_us;
	Digest digest;
	const Parley__Design__V1__ApprovePlanRequest *approve;
	Str comment;
	PlanRow row;
	bool unchanged;
	SubmittedPlan *out;
} Settle;

static Err settle_open(Settle *work, Executions *executions, RpcCall *call, const char *environment,
        ProtobufCBinaryData digest, const char *comment)
{
	*work = (Settle){.executions = executions,
	        .arena = rpc_arena(call),
	        .who = rpc_principal(call),
	        .now_us = clock_now_us(executions->services->clock),
	        .comment = str(comment)};
	TRY(environment_find(executions->environments, str(environment), &work->environment));
	if (digest.len != sizeof work->digest.bytes)
		return err_at(ERR_FIELD_INVALID, "digest", "a digest has 32 bytes, not %zu", digest.len);
	memcpy(work->digest.bytes, digest.data, sizeof work->digest.bytes);
	if (work->comment.len > COMMENT_MAX)
		return err_at(ERR_FIELD_INVALID, "comment", "it has more than %d bytes", COMMENT_MAX);
	return OK;
}

static Err find(Pg *pg, Settle *work)
{
	return plan_row_find(pg, work->environment->name, &work->digest, true, work->arena, &work->row);
}

static Err tell(Pg *pg, const Settle *work, const char *action)
{
	return plan_audit(pg, &work->row, action, work->who->user, work->comment, work->now_us, work->arena);
}

static Err wrong_state(const Settle *work, const char *what)
{
	return err(ERR_PLAN_STATE, "the plan cannot be %s in " STR_FMT ": it is %s", what,
	        STR_ARG(work->environment->name), plan_state_name(work->row.state));
}

static bool waits(const Settle *work)
{
	return work->row.state == PLAN_STATE(SUBMITTED) || work->row.state == PLAN_STATE(REFUSED);
}

static Err finish(Pg *pg, Settle *work)
{
	TRY(find(pg, work));
	TRY(plan_message(pg, work->environment, &work->row, work->arena, &work->out));
	work->out->unchanged = work->unchanged;
	return OK;
}

static void answer(Settle *work, RpcCall *call, Err e)
{
	if (e == OK)
		rpc_reply(call, &work->out->base);
	else
		rpc_fail(call, e);
}

// --- approving ---

static Err check_holder(Pg *pg, const Settle *work, Str *ret_holder)
{
	Parley__Snapshot__V1__Signature signature = PARLEY__SNAPSHOT__V1__SIGNATURE__INIT;
	TrustRoot root;
	signature.keyid = work->approve->keyid;
	signature.sig = work->approve->signature;
	TRY(environment_root(pg, work->environment, work->arena, &root));
	TRY(approval_check(&root, STR(PLAN_PAYLOAD_TYPE), work->row.statement, work->row.author, &signature,
	        ret_holder));
	return environment_check_signer(work->environment, &root, *ret_holder, work->who->user);
}

static Err approve(Pg *pg, void *context)
{
	Settle *work = context;
	CLEANUP(pg_result_freep) PgResult *put = NULL;
	const Parley__Design__V1__ApprovePlanRequest *in = work->approve;
	Str holder;
	TRY(find(pg, work));
	if (!waits(work))
		return wrong_state(work, "approved");
	TRY(check_holder(pg, work, &holder));
	TRY(SQL_RUN(pg, &put, plan_approval_put, P_I64(work->row.id), P_TEXT(holder), P_CTEXT(in->keyid),
	        P_BYTES(str_n((const char *)in->signature.data, in->signature.len)), P_TEXT(work->comment),
	        P_TIME(work->now_us)));
	work->unchanged = pg_affected(put) == 0;
	if (!work->unchanged)
		TRY(tell(pg, work, "sign"));
	return finish(pg, work);
}

void handle_approve_plan(void *executions, RpcCall *call, const ProtobufCMessage *request)
{
	const Parley__Design__V1__ApprovePlanRequest *in = (const void *)request;
	Settle work;
	Err e = settle_open(&work, executions, call, in->environment, in->digest, in->comment);
	work.approve = in;
	if (e == OK && strlen(in->keyid) > KEYID_MAX)
		e = err_at(ERR_FIELD_INVALID, "keyid", "it has more than %d bytes", KEYID_MAX);
	if (e == OK && in->signature.len != SIGNATURE_SIZE)
		e = err_at(ERR_FIELD_INVALID, "signature", "an Ed25519 signature has 64 bytes, not %zu",
		        in->signature.len);
	if (e == OK)
		e = store_transact(work.executions->services->store, approve, &work);
	answer(&work, call, e);
}

// --- executing ---

static Err execute(Pg *pg, void *context)
{
	Settle *work = context;
	TRY(find(pg, work));
	work->unchanged = work->row.state == PLAN_STATE(EXECUTED);
	bool goes = work->row.state == PLAN_STATE(CHECKING) || work->row.state == PLAN_STATE(EXECUTING);
	if (work->unchanged || goes)
		return finish(pg, work);
	if (!waits(work))
		return wrong_state(work, "executed");
	TRY(environment_check(pg, work->environment, work->now_us, work->arena));
	TRY(plan_check_approvals(pg, work->environment, &work->row, work->arena));
	TRY(SQL_RUN(
	        pg, NULL, plan_check, P_I64(work->row.id), P_TEXT(work->who->user), P_TIME(work->now_us)));
	TRY(tell(pg, work, "execute"));
	return finish(pg, work);
}

void handle_execute_plan(void *executions, RpcCall *call, const ProtobufCMessage *request)
{
	const Parley__Design__V1__ExecutePlanRequest *in = (const void *)request;
	Settle work;
	Err e = settle_open(&work, executions, call, in->environment, in->digest, "");
	if (e == OK)
		e = store_transact(work.executions->services->store, execute, &work);
	if (e == OK)
		executions_wake(work.executions);
	answer(&work, call, e);
}

// --- withdrawing ---

static Err withdraw(Pg *pg, void *context)
{
	Settle *work = context;
	TRY(find(pg, work));
	work->unchanged = work->row.state == PLAN_STATE(WITHDRAWN);
	if (work->unchanged)
		return finish(pg, work);
	if (!waits(work) && work->row.state != PLAN_STATE(SUBMITTING))
		return wrong_state(work, "withdrawn");
	TRY(SQL_RUN(pg, NULL, plan_move, P_I64(work->row.id), P_CTEXT("withdrawn"), P_TEXT(work->comment),
	        P_TIME(work->now_us)));
	TRY(PG_QUERY(pg, PIECES_TIMEOUT_MS, NULL, sql_plan_pieces_forget, P_I64(work->row.id)));
	TRY(SQL_RUN(pg, NULL, plan_approvals_forget, P_I64(work->row.id)));
	TRY(tell(pg, work, "withdraw"));
	return finish(pg, work);
}

void handle_withdraw_plan(void *executions, RpcCall *call, const ProtobufCMessage *request)
{
	const Parley__Design__V1__WithdrawPlanRequest *in = (const void *)request;
	Settle work;
	Err e = settle_open(&work, executions, call, in->environment, in->digest, in->comment);
	if (e == OK)
		e = store_transact(work.executions->services->store, withdraw, &work);
	answer(&work, call, e);
}
