// A plan that is to be executed is read through once, in one transaction: are these the effects that were
// approved, can all of them be history, and is the world as the plan took it to be? Only then its execution
// begins, in the same transaction; from there on nothing stops it, for what it has done cannot be taken back.
#include "execution/internal.h"
#include "execution/world.h"

#include "base/log.h"

#include <openssl/evp.h>

typedef struct Check {
	Executions *executions;
	bool any;
	PlanRow row;
	Arena *arena, *batch; // of the plan; of some of its effects
	EVP_MD_CTX *sha;
	Pieces pieces;
	World *world;
	int64_t effects;
	const char *wrong; // why it can never be executed
} Check;

static void sha_freep(EVP_MD_CTX **sha)
{
	EVP_MD_CTX_free(*sha);
}

static void hear(void *context, Str bytes)
{
	EVP_DigestUpdate(((Check *)context)->sha, bytes.ptr, bytes.len);
}

// --- what an entry must be ---

static const char *entry_fault(const Check *check, const BatchRecord *record)
{
	if (record->entry == NULL)
		return record->reason;
	const Parley__Journal__V1__Context *context = record->entry->context;
	Str digest = str_n((const char *)context->snapshot_digest.data, context->snapshot_digest.len);
	if (!str_eq(str(context->channel), check->row.channel))
		return "it is of another channel than the plan";
	return str_eq(digest, digest_bytes(&check->row.snapshot))
	               ? NULL
	               : "it is of another snapshot than the plan's";
}

static Err check_entries(Check *check, Pg *pg, const EventEffects *effects)
{
	Batch batch;
	Str *entries = ARENA_ARRAY(check->batch, Str, effects->n_entries + 1);
	if (entries == NULL)
		return execution_no_memory();
	for (size_t i = 0; i < effects->n_entries; i++)
		entries[i] = str_n((const char *)effects->entries[i].data, effects->entries[i].len);
	TRY(records_of(&check->row, entries, effects->n_entries, 1, check->batch, &batch));
	for (size_t i = 0; i < batch.count; i++) {
		const char *fault = entry_fault(check, &batch.records[i]);
		if (fault != NULL) {
			check->wrong =
			        arena_printf(check->arena, "effects of event %llu cannot be history: %s",
			                (unsigned long long)effects->place, fault);
			return OK;
		}
		TRY(world_entry(check->world, pg, batch.records[i].entry));
	}
	return OK;
}

// --- all effects ---

static Err read_effects(Check *check, Pg *pg)
{
	const EventEffects *effects = NULL;
	size_t size = 0;
	pieces_seek(&check->pieces, check->row.id, 0);
	for (;;) {
		arena_reset(check->batch);
		TRY(pieces_peek(pg, &check->pieces, check->batch, hear, check, &effects, &size));
		if (effects == NULL)
			break;
		if (check->wrong == NULL)
			TRY(check_entries(check, pg, effects));
		pieces_take(&check->pieces, size);
		check->effects++;
		executions_note(check->executions, check->row.id, (uint64_t)check->effects);
		if (executions_stop(check->executions))
			return err(ERR_CANCELLED, "the server stops");
	}
	return world_end(check->world, pg);
}

static void check_digest(Check *check)
{
	Digest digest;
	if (EVP_DigestFinal_ex(check->sha, digest.bytes, NULL) != 1 ||
	        !digest_eq(&digest, &check->row.digest) || check->effects != check->row.effects)
		check->wrong =
		        "the effects that were submitted are not those of the plan's digest: withdraw it and "
		        "submit it again";
}

// --- what comes of it ---

static Err refuse(Check *check, Pg *pg, int64_t now_us)
{
	Str list, words;
	TRY(world_told(check->world, check->arena, &list, &words));
	if (check->wrong != NULL)
		words = str(check->wrong);
	log_warn("a plan is not executed", F_STR("environment", check->row.environment),
	        F_STR("plan", check->row.source), F_STR("why", words));
	TRY(SQL_RUN(
	        pg, NULL, plan_refuse, P_I64(check->row.id), P_TEXT(words), P_JSON(list), P_TIME(now_us)));
	return plan_audit(pg, &check->row, "refuse", STR("execution"), words, now_us, check->arena);
}

// The snapshot is looked at once more under the lock that deployments take.
static Err settle(Check *check, Pg *pg)
{
	int64_t now_us = clock_now_us(check->executions->services->clock), version = 0;
	if (check->wrong == NULL && world_stands(check->world)) {
		TRY(SQL_RUN(pg, NULL, deployment_lock, P_TEXT(check->row.environment),
		        P_TEXT(check->row.channel)));
		TRY(world_seed(check->world, pg));
		TRY(world_snapshot(check->world, pg, &version));
	}
	if (check->wrong != NULL || !world_stands(check->world))
		return refuse(check, pg, now_us);
	log_info("a plan is executed", F_STR("environment", check->row.environment),
	        F_STR("plan", check->row.source), F_INT("effects", check->row.effects));
	TRY(SQL_RUN(pg, NULL, plan_begin, P_I64(check->row.id), P_I64(version), P_TIME(now_us)));
	return plan_audit(pg, &check->row, "begin", check->row.executed_by, (Str){0}, now_us, check->arena);
}

// They were counted when somebody asked for the execution; the row is locked only from here on.
static Err check_approvals(Check *check, Pg *pg)
{
	const Environment *environment;
	TRY(environment_find(check->executions->environments, check->row.environment, &environment));
	Err e = plan_check_approvals(pg, environment, &check->row, check->arena);
	if (e != ERR_APPROVALS_MISSING)
		return e;
	check->wrong = arena_printf(check->arena, "%s", err_detail()->message);
	return check->wrong ? OK : execution_no_memory();
}

static Err check_plan(Check *check, Pg *pg)
{
	CLEANUP(sha_freep) EVP_MD_CTX *sha = EVP_MD_CTX_new();
	CLEANUP(world_freep) World *world = NULL;
	int64_t version;
	TRY(world_new(check->executions, &check->row, &world));
	check->sha = sha;
	check->world = world;
	if (sha == NULL || EVP_DigestInit_ex(sha, EVP_sha256(), NULL) != 1)
		return execution_no_memory();
	TRY(check_approvals(check, pg));
	if (check->wrong == NULL)
		TRY(world_snapshot(world, pg, &version));
	if (check->wrong == NULL && world_stands(world)) {
		Err e = read_effects(check, pg);
		if (e == ERR_STATE_CORRUPT)
			check->wrong = arena_printf(check->arena, "%s", err_detail()->message);
		else
			TRY(e);
		if (check->wrong == NULL)
			check_digest(check);
	}
	return settle(check, pg);
}

// What one plan does another must see: a channel's plans are checked one by one, and never while one is being
// executed.
static Err take_turn(Check *check, Pg *pg)
{
	CLEANUP(pg_result_freep) PgResult *busy = NULL;
	TRY(SQL_RUN(pg, NULL, plan_turn, P_TEXT(check->row.environment), P_TEXT(check->row.channel)));
	TRY(SQL_RUN(pg, &busy, plan_executing, P_TEXT(check->row.environment), P_TEXT(check->row.channel)));
	check->any = !pg_bool(busy, 0, 0);
	return OK;
}

static Err check_next(Pg *pg, void *context)
{
	Check *check = context;
	const Executions *executions = check->executions;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	TRY(SQL_RUN(
	        pg, &rows, plan_take_unchecked, P_TEXTS(executions->names, executions->environments->count)));
	check->any = pg_rows(rows) > 0;
	check->wrong = NULL;
	check->effects = 0;
	if (!check->any)
		return OK;
	TRY(plan_row(rows, 0, check->arena, &check->row));
	TRY(take_turn(check, pg));
	if (!check->any)
		return OK;
	Err e = check_plan(check, pg);
	executions_note(check->executions, 0, 0);
	pieces_clear(&check->pieces);
	return e;
}

Err check_one(Executions *executions, bool *ret_any)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 0);
	CLEANUP(arena_freep) Arena *batch = arena_new(PIECE_MAX, 0);
	Check check = {.executions = executions, .arena = arena, .batch = batch};
	if (!arena || !batch)
		return execution_no_memory();
	TRY(store_transact(executions->services->store, check_next, &check));
	*ret_any = check.any;
	return OK;
}
