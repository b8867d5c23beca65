#include "plan/submitted.h"

#include "base/clock.h"
#include "connect.h"
#include "events/workbench.h"
#include "output.h"

#include <unistd.h>

enum { DIGITS_LEAST = 8, DIGITS = 64, SOURCE_DIGITS = 16, PLANS_MOST = 1000 };

// --- which ---

static bool is_digits(const char *text)
{
	size_t len = strspn(text, "0123456789abcdef");

	return len >= DIGITS_LEAST && len <= DIGITS && text[len] == '\0';
}

static Err find_file(Cli *cli, const char *name, PlanFile **ret)
{
	const char *path;

	*ret = NULL;
	if (strlen(name) > DIGITS - 1) // too long for a name
		return OK;
	TRY(workbench_path(cli, "plans", name, &path));
	return access(path, F_OK) == 0 ? plan_file_open(path, ret) : OK;
}

static Err match(Cli *cli, Submitted *plan)
{
	Parley__Design__V1__ListPlansRequest request = PARLEY__DESIGN__V1__LIST_PLANS_REQUEST__INIT;
	const Parley__Design__V1__ListPlansResponse *all;
	ProtobufCMessage *answer;
	uint8_t *digest = arena_alloc(cli->arena, PLAN_DIGEST_SIZE);
	size_t found = 0;

	request.environment = (char *)(uintptr_t)plan->environment;
	request.page_size = PLANS_MOST;
	TRY(cli_ask(cli, SERVER_DESIGN, PLANS, "ListPlans", &request.base, cli->arena, &answer));
	all = (const void *)answer;
	for (size_t i = 0; i < all->n_plans; i++)
		if (str_starts(str(all->plans[i]->digest), str(plan->name)) &&
		        hex_decode(str(all->plans[i]->digest), digest, PLAN_DIGEST_SIZE))
			found++;
	plan->digest = (ProtobufCBinaryData){PLAN_DIGEST_SIZE, digest};
	if (found == 1)
		return OK;
	if (found == 0)
		return err(ERR_PLAN_UNKNOWN, "no plan of %s begins with %s: parley plan submitted --env %s",
		        plan->environment, plan->name, plan->environment);
	return err(ERR_PLAN_UNKNOWN, "%zu plans of %s begin with %s: give more digits", found,
	        plan->environment, plan->name);
}

Err submitted_find(Cli *cli, bool needs_file, Submitted *ret)
{
	*ret = (Submitted){.name = cli->line.arguments[0]};
	TRY(cli_need(cli, OPT_ENV, &ret->environment));
	TRY(find_file(cli, ret->name, &ret->file));
	if (ret->file) {
		ret->digest = plan_file_end(ret->file)->digest;
		return OK;
	}
	if (needs_file || !is_digits(ret->name))
		return err(ERR_RESOURCE_NOT_FOUND,
		        "there is no plan \"%s\" in your workbench: parley plan list; who has none of its "
		        "file makes the "
		        "same plan again from the same events, snapshot and seed",
		        ret->name);
	return match(cli, ret);
}

void submitted_close(Submitted *submitted)
{
	plan_file_close(submitted->file);
	submitted->file = NULL;
}

Err submitted_source(Cli *cli, const char *text, const char **ret)
{
	char hex[2 * PLAN_DIGEST_SIZE + 1];
	PlanFile *file = NULL;

	*ret = text;
	if (str_starts(str(text), STR("plan:")))
		return OK;
	TRY(find_file(cli, text, &file));
	if (file) {
		hex_encode(plan_file_end(file)->digest.data, PLAN_DIGEST_SIZE, hex);
		plan_file_close(file);
		text = hex;
	} else if (!is_digits(text) || strlen(text) < SOURCE_DIGITS) {
		return err(ERR_RESOURCE_NOT_FOUND,
		        "there is no plan \"%s\" in your workbench; give its digest, or plan: and its first "
		        "%d digits",
		        text, SOURCE_DIGITS);
	}
	*ret = arena_printf(cli->arena, "plan:%.*s", SOURCE_DIGITS, text);
	return OK;
}

// --- how it stands ---

Err submitted_get(Cli *cli, const Submitted *plan, Arena *arena, SubmittedPlan **ret)
{
	Parley__Design__V1__GetPlanRequest request = PARLEY__DESIGN__V1__GET_PLAN_REQUEST__INIT;
	ProtobufCMessage *answer;

	request.environment = (char *)(uintptr_t)plan->environment;
	request.digest = plan->digest;
	TRY(cli_ask(cli, SERVER_DESIGN, PLANS, "GetPlan", &request.base, arena, &answer));
	*ret = (SubmittedPlan *)answer;
	return OK;
}

static const char *state_name(const SubmittedPlan *plan)
{
	static const char *const names[] = {
	        "", "submitting", "submitted", "checking", "executing", "executed", "refused", "withdrawn"};

	return (size_t)plan->state < ARRAY_COUNT(names) ? names[plan->state] : "";
}

static void set_time(json_t *json, const char *key, const Google__Protobuf__Timestamp *time)
{
	char text[TIME_TEXT_SIZE];

	if (!time)
		return;
	time_format(time->seconds * US_PER_S + time->nanos / 1000, text);
	json_object_set_new(json, key, json_string(text));
}

static json_t *approvals_json(const SubmittedPlan *plan)
{
	json_t *list = json_array();

	for (size_t i = 0; i < plan->n_approvals; i++) {
		json_t *item = json_pack("{s:s, s:s}", "approver", plan->approvals[i]->approver, "comment",
		        plan->approvals[i]->comment);

		set_time(item, "time", plan->approvals[i]->time);
		json_array_append_new(list, item);
	}
	return list;
}

static json_t *moved_json(const SubmittedPlan *plan)
{
	json_t *list = json_array();

	for (size_t i = 0; i < plan->n_moved; i++)
		json_array_append_new(
		        list, json_pack("{s:s, s:s, s:s}", "what", plan->moved[i]->what, "subject",
		                      plan->moved[i]->subject, "detail", plan->moved[i]->detail));
	return list;
}

json_t *submitted_json(const SubmittedPlan *plan)
{
	char approved[32];

	snprintf(approved, sizeof approved, "%zu of %u", plan->n_approvals, plan->approvals_needed);
	json_t *json = json_pack(
	        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:I, s:I, s:i, s:i, s:o, s:o}",
	        "environment", plan->environment, "plan", plan->source, "digest", plan->digest, "channel",
	        plan->channel, "state", state_name(plan), "author", plan->author, "comment", plan->comment,
	        "approved", approved, "needed", (int)plan->approvals_needed, "done", (json_int_t)plan->done,
	        "total", (json_int_t)plan->effects, "records", (json_int_t)plan->records, "servers",
	        (int)plan->servers, "told", (int)plan->servers_told, "approvals", approvals_json(plan),
	        "moved", moved_json(plan));

	if (*plan->reason)
		json_object_set_new(json, "reason", json_string(plan->reason));
	if (*plan->executed_by)
		json_object_set_new(json, "executed_by", json_string(plan->executed_by));
	set_time(json, "submitted", plan->create_time);
	set_time(json, "begun", plan->begin_time);
	set_time(json, "executed", plan->execute_time);
	return json;
}

Err submitted_print(Cli *cli, const SubmittedPlan *plan)
{
	CLEANUP(json_decrefp_) json_t *json = submitted_json(plan);

	if (cli->format != FORMAT_TABLE)
		return print_json(cli, json);
	json_t *moved = json_incref(json_object_get(json, "moved"));
	json_t *approvals = json_incref(json_object_get(json, "approvals"));

	json_object_del(json, "moved");
	json_object_del(json, "approvals");
	json_object_del(json, "needed");
	Err e = print_one(cli, json);
	if (e == OK && json_array_size(approvals) > 0) {
		putchar('\n');
		e = print_table(cli, approvals, "APPROVED-BY:approver TIME:time COMMENT:comment");
	}
	if (e == OK && json_array_size(moved) > 0) {
		putchar('\n');
		e = print_table(cli, moved, "MOVED:what WHICH:subject NOW:detail");
	}
	json_decref(approvals);
	json_decref(moved);
	return e;
}
