// plan submit: the plan's effects, from the workbench to the design server of an environment. They are held
// against their digest before they are sent, and sent as they stand in the file: what was cut off goes on.
#include "connect.h"
#include "output.h"
#include "plan/open.h"
#include "plan/submitted.h"
#include "progress.h"
#include "release/deployment.h"
#include "release/snapshot_fetch.h"

#include <inttypes.h>

enum { BLOCK_ARENA = 1 << 20, PIECE = 256 * 1024, DEPLOYMENTS_MOST = 1000 };

typedef struct Submit {
	Cli *cli;
	Submitted plan;
	Arena *block, *answers;
	SubmittedPlan *now; // lives in `answers`
	uint64_t offset;    // of what is sent next
	Progress progress;
} Submit;

static void submit_close(Submit *submit)
{
	submitted_close(&submit->plan);
	arena_free(submit->block);
	arena_free(submit->answers);
}

static Err begin(Submit *submit)
{
	Parley__Design__V1__SubmitPlanRequest request = PARLEY__DESIGN__V1__SUBMIT_PLAN_REQUEST__INIT;
	const PlanEnd *end = plan_file_end(submit->plan.file);
	const char *comment = cli_option(submit->cli, OPT_COMMENT);
	ProtobufCMessage *answer;

	request.environment = (char *)(uintptr_t)submit->plan.environment;
	request.digest = end->digest;
	request.inputs = end->inputs;
	request.effects = end->effects;
	if (comment)
		request.comment = (char *)(uintptr_t)comment;
	TRY(cli_ask(
	        submit->cli, SERVER_DESIGN, PLANS, "SubmitPlan", &request.base, submit->answers, &answer));
	submit->now = (SubmittedPlan *)answer;
	return OK;
}

static Err send_piece(Submit *submit, Str piece, bool last)
{
	Parley__Design__V1__AddPlanEffectsRequest request =
	        PARLEY__DESIGN__V1__ADD_PLAN_EFFECTS_REQUEST__INIT;
	ProtobufCMessage *answer;

	request.environment = (char *)(uintptr_t)submit->plan.environment;
	request.digest = submit->plan.digest;
	request.offset = submit->offset;
	request.content = (ProtobufCBinaryData){piece.len, (uint8_t *)(uintptr_t)piece.ptr};
	request.last = last;
	arena_reset(submit->answers);
	TRY(cli_ask(submit->cli, SERVER_DESIGN, PLANS, "AddPlanEffects", &request.base, submit->answers,
	        &answer));
	submit->now = (SubmittedPlan *)answer;
	submit->offset += piece.len;
	return OK;
}

// A block may be as long as the largest effects, and is sent in pieces. What is there already is passed by.
static Err send_block(Submit *submit, Str content, uint64_t received)
{
	while (content.len > 0) {
		Str piece = str_n(content.ptr, content.len < PIECE ? content.len : PIECE);

		if (submit->offset + piece.len <= received)
			submit->offset += piece.len;
		else
			TRY(send_piece(submit, piece, false));
		progress_reach(&submit->progress, submit->offset >> 10);
		content = str_n(content.ptr + piece.len, content.len - piece.len);
	}
	return OK;
}

// Pieces are cut at the same places each time, so one is there whole or not at all.
static Err send_all(Submit *submit)
{
	size_t blocks = plan_file_blocks(submit->plan.file);
	uint64_t received = submit->now->received, all = plan_file_size(submit->plan.file);
	Str content;

	progress_resume(&submit->progress, "KiB submitted", all >> 10, received >> 10);
	for (size_t i = 0; i < blocks; i++) {
		arena_reset(submit->block);
		TRY(plan_file_bytes(submit->plan.file, i, submit->block, &content));
		TRY(send_block(submit, content, received));
	}
	progress_end(&submit->progress);
	return send_piece(submit, (Str){0}, true);
}

static void say_next(const Submit *submit)
{
	const SubmittedPlan *now = submit->now;

	if (now->approvals_needed > now->n_approvals)
		fprintf(stderr,
		        "It waits for %zu of %u approvals: parley plan approve %s --env %s --key FILE\n",
		        now->approvals_needed - now->n_approvals, now->approvals_needed, submit->plan.name,
		        submit->plan.environment);
	else
		fprintf(stderr, "Next: parley plan execute %s --env %s\n", submit->plan.name,
		        submit->plan.environment);
}

// "version 2 of retail-bank", for people know versions and no digests; the newest that has the snapshot.
static Err snapshot_called(
        Cli *cli, const char *channel, const char *environment, const char *digest, const char **ret)
{
	CLEANUP(json_decrefp_) json_t *deployments = NULL;
	const json_t *deployment;
	size_t i;

	TRY(cli_list(cli, deployment_service, "ListDeployments",
	        json_pack("{s:s, s:s}", "channel", channel, "environment", environment), "deployments",
	        DEPLOYMENTS_MOST, &deployments));
	*ret = arena_printf(cli->arena, "a snapshot of %s that %s has not had", channel, environment);
	json_array_foreach(deployments, i, deployment)
	{
		if (strcmp(json_word(deployment, "digest"), digest) != 0)
			continue;
		*ret = arena_printf(cli->arena, "version %lld of %s",
		        (long long)json_count(deployment, "version"), channel);
		break;
	}
	return OK;
}

// Its execution would be refused, so whoever submits it hears of that before anybody signs.
static Err compare_running(Submit *submit)
{
	const Parley__Plan__V1__PlanInputs *inputs = plan_file_end(submit->plan.file)->inputs;
	const char *environment = submit->plan.environment, *called;
	char planned[2 * PLAN_DIGEST_SIZE + 1], runs[2 * PLAN_DIGEST_SIZE + 1];
	uint64_t version;
	Digest digest = {0};

	TRY(fetch_running(submit->cli, inputs->channel, environment, &digest, &version));
	hex_encode(inputs->snapshot_digest.data, inputs->snapshot_digest.len, planned);
	digest_hex(&digest, runs);
	if (version && strcmp(planned, runs) == 0)
		return OK;
	TRY(snapshot_called(submit->cli, inputs->channel, environment, planned, &called));
	fprintf(stderr, "warning: the plan was made with %s (%.12s), but %s runs ", called, planned,
	        environment);
	if (version)
		fprintf(stderr, "version %" PRIu64 " (%.12s)", version, runs);
	else
		fputs("nothing of it", stderr);
	fprintf(stderr,
	        ": as long as that is so, the execution is refused.\n  hint: plan again with --snapshot "
	        "%s:%s and "
	        "submit that; parley plan withdraw %s --env %s takes this one back\n",
	        environment, inputs->channel, submit->plan.name, environment);
	return OK;
}

static Err submit_all(Submit *submit)
{
	if (!submit->block || !submit->answers)
		return err(ERR_NO_MEMORY, "no memory to submit a plan");
	TRY(submitted_find(submit->cli, true, &submit->plan));
	if (plan_file_end(submit->plan.file)->inputs->brief)
		return err(ERR_FIELD_INVALID,
		        "the plan %s is brief: it has no records that could become history; make it again "
		        "without --brief, from the same events, snapshot and seed",
		        submit->plan.name);
	TRY(plan_verify(submit->plan.file));
	TRY(begin(submit));
	if (submit->now->state == PLAN_STATE(SUBMITTING) || submit->now->state == PLAN_STATE(SUBMITTED))
		TRY(compare_running(submit));
	if (submit->now->unchanged)
		fprintf(stderr, "It was submitted already, by %s.\n", submit->now->author);
	else
		TRY(send_all(submit));
	TRY(submitted_print(submit->cli, submit->now));
	if (submit->now->state == PLAN_STATE(SUBMITTED))
		say_next(submit);
	return OK;
}

Err verb_plan_submit(Cli *cli)
{
	Submit submit = {
	        .cli = cli, .block = arena_new(BLOCK_ARENA, 0), .answers = arena_new(BLOCK_ARENA, 0)};
	Err e = submit_all(&submit);
	ErrDetail why = *err_detail();

	submit_close(&submit);
	return e == OK ? OK : err_restore(&why);
}
