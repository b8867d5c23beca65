// SubmitPlan and AddPlanEffects. A plan comes in pieces, and may be cut off and gone on with; what approvers
// sign is made with the last one, so nobody signs for effects that are not here. Whether they are those of
// the digest is looked at when the plan is checked, once, whatever was written into the database meanwhile.
#include "execution/internal.h"

#include "wire/wire.h"

typedef Parley__Design__V1__SubmitPlanRequest SubmitRequest;
typedef Parley__Design__V1__AddPlanEffectsRequest AddRequest;

static const int64_t BYTES_MAX = INT64_C(16) << 30; // of the effects of a plan

typedef struct Submit {
	Executions *executions;
	Arena *arena;
	const Environment *environment;
	const Principal *who;
	int64_t now_us;
	Digest digest;
	const SubmitRequest *submit;
	const AddRequest *add;
	PlanRow row;
	SubmittedPlan *out;
} Submit;

static Err submit_open(Submit *work, Executions *executions, RpcCall *call, const char *environment,
        ProtobufCBinaryData digest)
{
	*work = (Submit){.executions = executions,
	        .arena = rpc_arena(call),
	        .who = rpc_principal(call),
	        .now_us = clock_now_us(executions->services->clock)};
	TRY(environment_find(executions->environments, str(environment), &work->environment));
	if (digest.len != sizeof work->digest.bytes)
		return err_at(ERR_FIELD_INVALID, "digest", "a digest has 32 bytes, not %zu", digest.len);
	memcpy(work->digest.bytes, digest.data, sizeof work->digest.bytes);
	return OK;
}

static Err find(Pg *pg, Submit *work)
{
	return plan_row_find(pg, work->environment->name, &work->digest, true, work->arena, &work->row);
}

// --- the begin ---

static Err check_submit(const SubmitRequest *in)
{
	const Parley__Plan__V1__PlanInputs *inputs = in->inputs;
	if (inputs == NULL || !*inputs->channel || inputs->snapshot_digest.len != sizeof(Digest) ||
	        inputs->set_digest.len != sizeof(Digest))
		return err_at(ERR_FIELD_MISSING, "inputs",
		        "tell what the plan was made of: channel, event set and snapshot");
	if (inputs->brief)
		return err_at(ERR_FIELD_INVALID, "inputs.brief",
		        "a brief plan has no records that could become history; make it again whole");
	if (inputs->state_digest.len > 0 && inputs->state_time_us == 0)
		return err_at(ERR_FIELD_MISSING, "inputs.state_time_us",
		        "the plan begins with visitor state and does not say of when: make it again");
	if (in->effects == 0 || in->effects > INT64_MAX)
		return err_at(
		        ERR_FIELD_INVALID, "effects", "the plan has no effects: there is nothing to execute");
	if (strlen(in->comment) > COMMENT_MAX)
		return err_at(ERR_FIELD_INVALID, "comment", "it has more than %d bytes", COMMENT_MAX);
	return OK;
}

static Err insert(Pg *pg, Submit *work)
{
	CLEANUP(pg_result_freep) PgResult *waiting = NULL;
	const SubmitRequest *in = work->submit;
	const Parley__Plan__V1__PlanInputs *inputs = in->inputs;
	Str packed, snapshot = str_n((const char *)inputs->snapshot_digest.data, inputs->snapshot_digest.len);
	TRY(SQL_RUN(pg, &waiting, plan_waiting, P_TEXT(work->environment->name)));
	if (pg_i64(waiting, 0, 0) >= WAITING_MAX)
		return err(ERR_LIMIT,
		        "%d plans wait in " STR_FMT
		        ": execute or withdraw one first (parley plan submitted --env " STR_FMT ")",
		        WAITING_MAX, STR_ARG(work->environment->name), STR_ARG(work->environment->name));
	TRY(wire_pack(&inputs->base, work->arena, &packed));
	return SQL_RUN(pg, NULL, plan_submit, P_TEXT(work->environment->name),
	        P_BYTES(digest_bytes(&work->digest)), P_CTEXT(inputs->channel), P_BYTES(snapshot),
	        inputs->state_time_us ? P_TIME(inputs->state_time_us) : P_NULL, P_BYTES(packed),
	        P_I64((int64_t)in->effects), P_TEXT(work->who->user), P_CTEXT(in->comment),
	        P_TIME(work->now_us), P_I64((int64_t)inputs->seed));
}

static Err submit(Pg *pg, void *context)
{
	Submit *work = context;
	Err e = find(pg, work);
	if (e == ERR_PLAN_UNKNOWN || (e == OK && work->row.state == PLAN_STATE(WITHDRAWN))) {
		TRY(insert(pg, work));
		e = find(pg, work);
	}
	TRY(e);
	if (work->row.state == PLAN_STATE(SUBMITTING) && !str_eq(work->row.author, work->who->user))
		return err(ERR_PLAN_STATE, STR_FMT " is submitting this plan: wait, or have it withdrawn",
		        STR_ARG(work->row.author));
	TRY(plan_message(pg, work->environment, &work->row, work->arena, &work->out));
	work->out->unchanged = work->row.state != PLAN_STATE(SUBMITTING);
	return OK;
}

static void answer(Submit *work, RpcCall *call, Err e)
{
	if (e == OK)
		rpc_reply(call, &work->out->base);
	else
		rpc_fail(call, e);
}

void handle_submit_plan(void *executions, RpcCall *call, const ProtobufCMessage *request)
{
	const SubmitRequest *in = (const void *)request;
	Submit work;
	Err e = submit_open(&work, executions, call, in->environment, in->digest);
	work.submit = in;
	if (e == OK)
		e = check_submit(in);
	if (e == OK)
		e = store_transact(work.executions->services->store, submit, &work);
	answer(&work, call, e);
}

// --- the effects ---

static Err complete(Pg *pg, Submit *work)
{
	Str statement;
	TRY(plan_statement(&work->row, work->arena, &statement));
	TRY(SQL_RUN(pg, NULL, plan_complete, P_I64(work->row.id), P_BYTES(statement), P_TIME(work->now_us)));
	return plan_audit(
	        pg, &work->row, "submit", work->who->user, work->row.comment, work->now_us, work->arena);
}

static Err take_piece(Pg *pg, Submit *work)
{
	const AddRequest *in = work->add;
	PlanRow *row = &work->row;
	if (row->state != PLAN_STATE(SUBMITTING) || !str_eq(row->author, work->who->user))
		return err(ERR_PLAN_STATE, "the plan takes no effects from you: it is %s, by " STR_FMT,
		        plan_state_name(row->state), STR_ARG(row->author));
	if (in->offset > (uint64_t)row->bytes)
		return err_at(ERR_FIELD_INVALID, "offset", "%lld bytes are here: go on there",
		        (long long)row->bytes);
	if (in->offset < (uint64_t)row->bytes) // it came before, and the answer tells how far it is
		return OK;
	if (row->bytes + (int64_t)in->content.len > BYTES_MAX)
		return err(ERR_LIMIT, "the plan has more than %lld GiB of effects: plan in parts",
		        (long long)(BYTES_MAX >> 30));
	Str content = str_n((const char *)in->content.data, in->content.len);
	if (content.len > 0)
		TRY(SQL_RUN(pg, NULL, plan_piece_add, P_I64(row->id), P_I64(row->bytes), P_BYTES(content)));
	TRY(SQL_RUN(pg, NULL, plan_received, P_I64(row->id), P_I64(row->bytes + (int64_t)content.len)));
	return in->last ? complete(pg, work) : OK;
}

static Err add(Pg *pg, void *context)
{
	Submit *work = context;
	TRY(find(pg, work));
	bool again = work->row.state == PLAN_STATE(SUBMITTED) && str_eq(work->row.author, work->who->user);
	if (!again)
		TRY(take_piece(pg, work));
	TRY(find(pg, work));
	return plan_message(pg, work->environment, &work->row, work->arena, &work->out);
}

void handle_add_plan_effects(void *executions, RpcCall *call, const ProtobufCMessage *request)
{
	const AddRequest *in = (const void *)request;
	Submit work;
	Err e = submit_open(&work, executions, call, in->environment, in->digest);
	work.add = in;
	if (e == OK && in->content.len > PIECE_MAX)
		e = err_at(ERR_FIELD_INVALID, "content", "a piece has at most %d bytes", PIECE_MAX);
	if (e == OK && in->content.len == 0 && !in->last)
		e = err_at(ERR_FIELD_MISSING, "content", "the piece is empty");
	if (e == OK)
		e = store_transact(work.executions->services->store, add, &work);
	answer(&work, call, e);
}
