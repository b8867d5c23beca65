// plan execute, withdraw and submitted: the design server does it, and goes on whoever looks; these verbs ask
// for it and tell how it stands.
#include "base/clock.h"
#include "connect.h"
#include "output.h"
#include "plan/submitted.h"
#include "progress.h"

#include <time.h>

enum { LOOK_MS = 200, LOOKS_IN_VAIN = 150, ANSWERS_ARENA = 64 * 1024 };

typedef struct Execute {
	Cli *cli;
	Submitted plan;
	Arena *answers; // of the newest answer
	SubmittedPlan *now;
	Progress progress;
	const char *phase; // what the progress is of
	int vain;          // looks that showed nothing new
} Execute;

static Err ask(Execute *x, const char *method, const ProtobufCMessage *request)
{
	ProtobufCMessage *answer;
	CLEANUP(arena_freep) Arena *fresh = arena_new(ANSWERS_ARENA, 0), *before = NULL;

	if (!fresh)
		return err(ERR_NO_MEMORY, "no memory for a plan");
	TRY(cli_ask(x->cli, SERVER_DESIGN, PLANS, method, request, fresh, &answer));
	x->now = (SubmittedPlan *)answer;
	before = x->answers;
	x->answers = fresh;
	fresh = NULL;
	return OK;
}

static bool goes_on(const SubmittedPlan *plan)
{
	return plan->state == PLAN_STATE(CHECKING) || plan->state == PLAN_STATE(EXECUTING) ||
	       (plan->state == PLAN_STATE(EXECUTED) && plan->servers_told < plan->servers);
}

// What happens now, and how much of it: the check of the world, then the history, then the servers.
static void show(Execute *x)
{
	const SubmittedPlan *now = x->now;
	bool checks = now->state == PLAN_STATE(CHECKING), ends = now->state == PLAN_STATE(EXECUTED);
	const char *phase = checks ? "effects held against the world"
	                    : ends ? "servers told"
	                           : "effects executed";
	uint64_t done = checks ? now->checked : ends ? now->servers_told : now->done;

	if (x->phase != phase) {
		progress_end(&x->progress);
		progress_resume(&x->progress, phase, ends ? now->servers : now->effects, done);
		x->phase = phase;
	}
	progress_reach(&x->progress, done);
}

// A design server that dies comes back and goes on; so a look that fails is one in vain.
static Err look(Execute *x)
{
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
	uint64_t done = x->now->done, checked = x->now->checked;
	uint32_t told = x->now->servers_told;
	Parley__Design__V1__SubmittedPlanState state = x->now->state;

	nanosleep(&pause, NULL);
	Parley__Design__V1__GetPlanRequest request = PARLEY__DESIGN__V1__GET_PLAN_REQUEST__INIT;
	request.environment = (char *)(uintptr_t)x->plan.environment;
	request.digest = x->plan.digest;
	Err e = ask(x, "GetPlan", &request.base);
	if (e == ERR_UNAVAILABLE || e == ERR_TIMEOUT || e == ERR_DB_UNAVAILABLE) {
		x->vain++;
		return x->vain < LOOKS_IN_VAIN ? OK : e;
	}
	TRY(e);
	bool same = x->now->done == done && x->now->checked == checked && x->now->servers_told == told &&
	            x->now->state == state;
	x->vain = same && state != PLAN_STATE(CHECKING) ? x->vain + 1 : 0;
	show(x);
	return OK;
}

static Err follow(Execute *x)
{
	Err e = OK;

	show(x);
	while (e == OK && goes_on(x->now) && x->vain < LOOKS_IN_VAIN)
		e = look(x);
	progress_end(&x->progress);
	return e;
}

static Err verdict(const Execute *x)
{
	const SubmittedPlan *plan = x->now;

	if (plan->state == PLAN_STATE(REFUSED))
		return err(ERR_PLAN_MOVED, "the plan is not executed in %s: %s", plan->environment,
		        plan->reason);
	if (plan->state == PLAN_STATE(EXECUTED) && plan->servers_told < plan->servers &&
	        x->vain >= LOOKS_IN_VAIN)
		return err(ERR_SERVER_UNREACHABLE,
		        "the history has all of it, but %u of %u runtime servers have not been told yet; "
		        "they are when "
		        "they are back",
		        plan->servers - plan->servers_told, plan->servers);
	if (goes_on(plan) && x->vain >= LOOKS_IN_VAIN)
		return err(ERR_UNAVAILABLE,
		        "the execution stands still at %llu of %llu: the design server's log tells why",
		        (unsigned long long)plan->done, (unsigned long long)plan->effects);
	return OK;
}

static Err execute(Execute *x)
{
	Parley__Design__V1__ExecutePlanRequest request = PARLEY__DESIGN__V1__EXECUTE_PLAN_REQUEST__INIT;
	bool unchanged;

	TRY(submitted_find(x->cli, false, &x->plan));
	request.environment = (char *)(uintptr_t)x->plan.environment;
	request.digest = x->plan.digest;
	TRY(ask(x, "ExecutePlan", &request.base));
	unchanged = x->now->unchanged;
	if (!cli_given(x->cli, OPT_NO_WAIT))
		TRY(follow(x));
	if (unchanged)
		fprintf(stderr, "It was executed already, by %s: nothing changed.\n", x->now->executed_by);
	TRY(submitted_print(x->cli, x->now));
	return verdict(x);
}

static Err withdraw(Execute *x)
{
	Parley__Design__V1__WithdrawPlanRequest request = PARLEY__DESIGN__V1__WITHDRAW_PLAN_REQUEST__INIT;
	const char *comment = cli_option(x->cli, OPT_COMMENT);

	TRY(submitted_find(x->cli, false, &x->plan));
	request.environment = (char *)(uintptr_t)x->plan.environment;
	request.digest = x->plan.digest;
	if (comment)
		request.comment = (char *)(uintptr_t)comment;
	TRY(ask(x, "WithdrawPlan", &request.base));
	return submitted_print(x->cli, x->now);
}

static Err with_plan(Cli *cli, Err (*work)(Execute *x))
{
	Execute x = {.cli = cli};
	Err e = work(&x);
	ErrDetail why = *err_detail();

	submitted_close(&x.plan);
	arena_free(x.answers);
	return e == OK ? OK : err_restore(&why);
}

Err verb_plan_execute(Cli *cli)
{
	return with_plan(cli, execute);
}

Err verb_plan_withdraw(Cli *cli)
{
	return with_plan(cli, withdraw);
}

Err verb_plan_submitted(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	Parley__Design__V1__ListPlansRequest request = PARLEY__DESIGN__V1__LIST_PLANS_REQUEST__INIT;
	const Parley__Design__V1__ListPlansResponse *page;
	const char *environment;
	ProtobufCMessage *answer;

	TRY(cli_need(cli, OPT_ENV, &environment));
	request.environment = (char *)(uintptr_t)environment;
	do {
		TRY(cli_ask(cli, SERVER_DESIGN, PLANS, "ListPlans", &request.base, cli->arena, &answer));
		page = (const void *)answer;
		for (size_t i = 0; i < page->n_plans; i++)
			json_array_append_new(rows, submitted_json(page->plans[i]));
		request.page_token = page->next_page_token;
	} while (*page->next_page_token);
	return print_items(cli, rows, SUBMITTED_COLUMNS);
}
