// plan approve: a person signs on his own machine. What is shown is read from the very bytes that are signed
// and from the plan's file, which is held against its digest whole; whether the signature will count is told
// by a root that the person trusts.
#include "base/clock.h"
#include "connect.h"
#include "output.h"
#include "plan/open.h"
#include "plan/submitted.h"
#include "trust/consent.h"
#include "trust/keyring.h"
#include "trust/trusted.h"
#include "wire/wire.h"

typedef Parley__Plan__V1__PlanStatement Statement;
typedef Parley__Plan__V1__PlanInputs Inputs;
typedef Parley__Snapshot__V1__Signature Signature;

typedef struct Approve {
	Cli *cli;
	Submitted plan;
	const SubmittedPlan *now;
	Str payload; // what is signed
	const Statement *statement;
	Trusted trusted;
} Approve;

// --- what is to be signed ---

// Bytes that say anything else than what the message reads as are not signed.
static Err parse(Approve *a)
{
	ProtobufCMessage *message;
	Str again;

	a->payload = str_n((const char *)a->now->statement.data, a->now->statement.len);
	if (!a->payload.len)
		return err(ERR_PLAN_STATE,
		        "the plan has not been submitted whole: parley plan submit %s --env %s", a->plan.name,
		        a->plan.environment);
	TRY(wire_unpack(
	        &parley__plan__v1__plan_statement__descriptor, a->payload, 0, a->cli->arena, &message));
	a->statement = (const Statement *)message;
	TRY(wire_pack(message, a->cli->arena, &again));
	if (!str_eq(again, a->payload) || a->statement->format != 1 || !a->statement->inputs)
		return err(
		        ERR_PLAN_STATEMENT, "the statement that the server hands out is not in its one form");
	return OK;
}

static bool same_inputs(const Approve *a, const Inputs *mine)
{
	Str one, other;

	return wire_pack(&mine->base, a->cli->arena, &one) == OK &&
	       wire_pack(&a->statement->inputs->base, a->cli->arena, &other) == OK && str_eq(one, other);
}

static Err check_meant(const Approve *a)
{
	const Statement *statement = a->statement;
	const PlanEnd *end = plan_file_end(a->plan.file);
	Str said = str_n((const char *)statement->digest.data, statement->digest.len);

	if (strcmp(statement->environment, a->plan.environment) == 0 && statement->effects == end->effects &&
	        str_eq(said, str_n((const char *)end->digest.data, end->digest.len)) &&
	        same_inputs(a, end->inputs))
		return OK;
	return err(ERR_PLAN_STATEMENT,
	        "the server hands out a statement of another plan, or for another environment, "
	        "than %s for %s",
	        a->plan.name, a->plan.environment);
}

// --- what is shown ---

static void show(const Approve *a, const char *title, const char *value)
{
	Str text = text_printable(a->cli->arena, str(value));

	if (text.len)
		fprintf(stderr, "%-12s " STR_FMT "\n", title, STR_ARG(text));
}

static void show_bytes(const Approve *a, const char *title, ProtobufCBinaryData bytes)
{
	char *hex = arena_alloc(a->cli->arena, 2 * bytes.len + 1);

	if (!hex || !bytes.len)
		return;
	hex_encode(bytes.data, bytes.len, hex);
	show(a, title, hex);
}

static void show_statement(const Approve *a)
{
	const Statement *statement = a->statement;
	const Inputs *inputs = statement->inputs;
	char time[TIME_TEXT_SIZE];

	fprintf(stderr, "To be signed: a plan of %llu effects on %s in %s, to be executed once\n",
	        (unsigned long long)statement->effects, inputs->channel, statement->environment);
	show_bytes(a, "effects", statement->digest);
	show_bytes(a, "event set", inputs->set_digest);
	show_bytes(a, "snapshot", inputs->snapshot_digest);
	time_format(inputs->state_time_us, time);
	show(a, "begins with", inputs->state_time_us ? time : "nothing known of its visitors");
	show(a, "author", statement->author);
	show(a, "comment", statement->comment);
	time_format(statement->created_us, time);
	show(a, "submitted", time);
	for (size_t i = 0; i < a->now->n_approvals; i++)
		show(a, "approved by", a->now->approvals[i]->approver);
}

static Err show_totals(const Approve *a)
{
	const PlanEnd *end = plan_file_end(a->plan.file);
	CLEANUP(json_decrefp_) json_t *rows = json_array();

	if (a->cli->format != FORMAT_TABLE)
		return OK;
	for (size_t i = 0; i < end->n_offers; i++)
		json_array_append_new(
		        rows, json_pack("{s:s, s:I, s:I, s:I, s:I}", "offer", end->offers[i]->name,
		                      "recommended", (json_int_t)end->offers[i]->recommended, "contacts",
		                      (json_int_t)end->offers[i]->contacts, "accepts",
		                      (json_int_t)end->offers[i]->accepts, "rejects",
		                      (json_int_t)end->offers[i]->rejects));
	return print_table(a->cli, rows,
	        "OFFER:offer RECOMMENDED:recommended CONTACTS:contacts ACCEPTS:accepts REJECTS:rejects");
}

// --- signing ---

static void say_next(const Approve *a, const SubmittedPlan *now)
{
	if (now->n_approvals < now->approvals_needed)
		fprintf(stderr, "It waits for %zu of %u approvals.\n",
		        now->approvals_needed - now->n_approvals, now->approvals_needed);
	else
		fprintf(stderr, "Next: parley plan execute %s --env %s\n", a->plan.name, a->plan.environment);
}

static Err sign_and_send(Approve *a)
{
	Parley__Design__V1__ApprovePlanRequest request = PARLEY__DESIGN__V1__APPROVE_PLAN_REQUEST__INIT;
	const char *comment = cli_option(a->cli, OPT_COMMENT);
	ProtobufCMessage *answer;
	Signature *signature;
	size_t count;
	Str holder;

	TRY(keyring_sign(a->cli, STR(PLAN_PAYLOAD_TYPE), a->payload, 1, &signature, &count));
	TRY(approval_check(&a->trusted.root, STR(PLAN_PAYLOAD_TYPE), a->payload, str(a->statement->author),
	        signature, &holder));
	TRY(trusted_keep(a->cli, &a->trusted));
	request.environment = a->statement->environment;
	request.digest = a->plan.digest;
	request.keyid = signature->keyid;
	request.signature = signature->sig;
	if (comment)
		request.comment = (char *)(uintptr_t)comment;
	TRY(cli_ask(a->cli, SERVER_DESIGN, PLANS, "ApprovePlan", &request.base, a->cli->arena, &answer));
	const SubmittedPlan *now = (const SubmittedPlan *)answer;
	if (a->cli->format == FORMAT_TABLE)
		printf("plan %s %s signed for %s\n", a->plan.name, now->unchanged ? "was already" : "is",
		        a->plan.environment);
	TRY(submitted_print(a->cli, now));
	say_next(a, now);
	return OK;
}

static Err approve(Approve *a)
{
	const char *unused;
	SubmittedPlan *now;

	TRY(cli_need(a->cli, OPT_KEY, &unused));
	TRY(submitted_find(a->cli, true, &a->plan));
	TRY(submitted_get(a->cli, &a->plan, a->cli->arena, &now));
	a->now = now;
	TRY(parse(a));
	TRY(check_meant(a));
	TRY(plan_verify(a->plan.file));
	TRY(trusted_root(a->cli, a->plan.environment, &a->trusted));
	show_statement(a);
	TRY(show_totals(a));
	TRY(consent_to_sign(a->cli, a->plan.environment));
	return sign_and_send(a);
}

Err verb_plan_approve(Cli *cli)
{
	Approve a = {.cli = cli};
	Err e = approve(&a);
	ErrDetail why = *err_detail();

	submitted_close(&a.plan);
	return e == OK ? OK : err_restore(&why);
}
