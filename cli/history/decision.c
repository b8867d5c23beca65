// The comparison is this program's own: it reads the snapshot's names by the engine's indices and believes no
// word of the history, so that a row that was changed is found whatever was changed in it.
#include "history/decision.h"

#include "base/clock.h"
#include "connect.h"
#include "release/snapshot_fetch.h"
#include "snapshot/snapshot.h"

#include <inttypes.h>

typedef Parley__Design__V1__DecisionRow DecisionRow;

enum { PLAN_ARENA = 1024 * 1024 };

typedef struct DecisionPlan {
	struct DecisionPlan *next;
	Digest digest;
	Arena *arena;
	const Plan *plan;
} DecisionPlan;

// --- from the history ---

Err decision_fetch(Cli *cli, const char *id, RecordedDecision **ret)
{
	Parley__Design__V1__GetDecisionRequest request = PARLEY__DESIGN__V1__GET_DECISION_REQUEST__INIT;
	ProtobufCMessage *answer;
	const char *environment = cli_option(cli, OPT_ENV);

	request.decision_id = (char *)(uintptr_t)id;
	if (environment != NULL)
		request.environment = (char *)(uintptr_t)environment;
	TRY(cli_ask(cli, SERVER_DESIGN, &parley__design__v1__history_service__descriptor, "GetDecision",
	        &request.base, cli->arena, &answer));
	*ret = ((Parley__Design__V1__GetDecisionResponse *)answer)->decision;
	return *ret != NULL ? OK : err(ERR_INTERNAL, "the server answered without a decision");
}

int64_t decision_time(const RecordedDecision *recorded)
{
	return recorded->time != NULL ? recorded->time->seconds * US_PER_S + recorded->time->nanos / 1000 : 0;
}

// --- snapshots ---

static Err read_digest(const RecordedDecision *recorded, Digest *ret)
{
	if (recorded->snapshot_digest.len != sizeof ret->bytes)
		return err(ERR_RECEIPT_INVALID, "decision %s names no snapshot: its digest has %zu bytes",
		        recorded->decision_id, recorded->snapshot_digest.len);
	memcpy(ret->bytes, recorded->snapshot_digest.data, sizeof ret->bytes);
	return OK;
}

static Err build(Cli *cli, const Digest *digest, Arena *arena, DecisionPlan **ret)
{
	Snapshot *snapshot;
	Str blob;
	DecisionPlan *made = ARENA_NEW(arena, DecisionPlan);
	TRY(fetch_blob(cli, digest, arena, &blob));
	TRY(snapshot_parse(blob, arena, &snapshot));
	TRY(plan_build(snapshot, arena, &made->plan));
	made->digest = *digest;
	made->arena = arena;
	*ret = made;
	return OK;
}

Err decision_plan(Cli *cli, DecisionPlans *plans, const RecordedDecision *recorded, const Plan **ret)
{
	Digest digest;
	TRY(read_digest(recorded, &digest));
	return decision_plan_of(cli, plans, &digest, ret);
}

bool decision_lacks_snapshot(Err e)
{
	return e == ERR_RESOURCE_NOT_FOUND || e == ERR_DEPLOYMENT_NOT_FOUND || e == ERR_RECEIPT_INVALID ||
	       e == ERR_SNAPSHOT_INVALID || e == ERR_SNAPSHOT_DIGEST || e == ERR_SNAPSHOT_LENGTH;
}

Err decision_plan_of(Cli *cli, DecisionPlans *plans, const Digest *digest, const Plan **ret)
{
	for (const DecisionPlan *at = plans->first; at != NULL; at = at->next) {
		*ret = at->plan;
		if (digest_eq(&at->digest, digest))
			return OK;
	}
	CLEANUP(arena_freep) Arena *arena = arena_new(PLAN_ARENA, 0);
	DecisionPlan *made = NULL;
	if (arena == NULL)
		return err(ERR_NO_MEMORY, "no memory for a snapshot");
	TRY(build(cli, digest, arena, &made));
	(void)STEAL(arena);
	made->next = plans->first;
	plans->first = made;
	plans->count++;
	*ret = made->plan;
	return OK;
}

void decision_plans_free(DecisionPlans *plans)
{
	for (DecisionPlan *at = plans->first; at != NULL;) {
		DecisionPlan *next = at->next;
		arena_free(at->arena);
		at = next;
	}
	*plans = (DecisionPlans){0};
}

// --- comparing ---

typedef struct Comparison {
	const Plan *plan;
	const RecordedDecision *recorded;
	Arena *arena;
	Replay *replay;
} Comparison;

__attribute__((format(printf, 2, 3))) static void differ(Comparison *c, const char *fmt, ...)
{
	DecisionDifferences *found = &c->replay->differences;
	va_list args;
	va_start(args, fmt);
	if (found->count < DECISION_DIFFERENCES)
		found->texts[found->count] = arena_vprintf(c->arena, fmt, args);
	found->count++;
	va_end(args);
}

static void same_text(Comparison *c, const char *where, const char *field, const char *has, const char *made)
{
	if (strcmp(has, made) != 0)
		differ(c, "%s: the history has %s \"%s\", the decision gives \"%s\"", where, field, has,
		        made);
}

// What a rule or global offer is said to be in the history.
typedef struct Source {
	const char *rule, *segment, *campaign, *cell;
} Source;

static Source source_of(const Plan *plan, CandidateId id)
{
	const Snapshot *snapshot = plan_snapshot(plan);
	const SnapRule *rule = decide_rule(plan, id);
	Source source = {"", "", "", ""};
	if (rule == NULL)
		return source;
	source.rule = rule->name;
	if (rule->segment > 0)
		source.segment = snapshot->segments[rule->segment - 1]->name;
	if (rule->campaign > 0)
		source.campaign = snapshot->campaigns[rule->campaign - 1]->code;
	if (rule->campaign > 0 && rule->cell > 0)
		source.cell = snapshot->campaigns[rule->campaign - 1]->cells[rule->cell - 1]->code;
	return source;
}

static void compare_offer(
        Comparison *c, const char *where, const DecisionRow *row, const DecidedOffer *offer, size_t rank)
{
	Source source = source_of(c->plan, offer->id);
	same_text(c, where, "offer", row->offer_code, plan_snapshot(c->plan)->offers[offer->id.offer]->code);
	same_text(c, where, "treatment", row->treatment_code, offer->treatment_code);
	same_text(c, where, "origin", row->origin, origin_name(offer->id.origin));
	same_text(c, where, "rule", row->treatment_rule, source.rule);
	same_text(c, where, "segment", row->segment, source.segment);
	same_text(c, where, "campaign", row->campaign, source.campaign);
	same_text(c, where, "cell", row->cell, source.cell);
	if (row->rank != (int64_t)rank)
		differ(c, "%s: the history has rank %" PRId64 ", the decision gives %zu", where, row->rank,
		        rank);
	// By its bits: 0.1 + 0.2 is not 0.3.
	if (memcmp(&row->score, &offer->score.final, sizeof row->score) != 0)
		differ(c, "%s: the history has score %.17g, the decision gives %.17g", where, row->score,
		        offer->score.final);
}

// The row of an answer without offers.
static void compare_default(Comparison *c, const char *where, const DecisionRow *row)
{
	if (row->rank != 0 || row->offer_code[0] != '\0' || row->treatment_code[0] != '\0')
		differ(c, "%s: the history has the offer %s, the decision gives the default content", where,
		        row->offer_code);
}

static const DecisionRow *next_row(Comparison *c, size_t *at, const char *where, const char *what)
{
	if (*at < c->recorded->n_rows)
		return c->recorded->rows[(*at)++];
	c->replay->differences.missing++;
	differ(c,
	        "%s: the history lacks the row of %s; a runtime server that is killed may lose what it "
	        "recommended last",
	        where, what);
	return NULL;
}

static void compare_point(Comparison *c, const PointDecision *made, size_t *at)
{
	const Snapshot *snapshot = plan_snapshot(c->plan);
	const char *point = snapshot->points[made->point]->name;
	const char *zone = snapshot->zones[snapshot->points[made->point]->zone]->name;
	size_t rows = made->offer_count > 0 ? made->offer_count : 1;
	for (size_t i = 0; i < rows; i++) {
		const char *what = made->offer_count > 0 ? snapshot->offers[made->offers[i].id.offer]->code
		                                         : "the default content";
		const char *where = arena_printf(c->arena, "%s, %zu", point, i + 1);
		const DecisionRow *row = next_row(c, at, where, what);
		if (row == NULL)
			continue;
		if (row->at_odds)
			differ(c, "%s: the history has it in another session, of another visitor or snapshot",
			        where);
		same_text(c, where, "point", row->interaction_point, point);
		same_text(c, where, "zone", row->zone, zone);
		if (made->offer_count > 0)
			compare_offer(c, where, row, &made->offers[i], i + 1);
		else
			compare_default(c, where, row);
	}
}

static void compare_rows(Comparison *c)
{
	const Decision *decision = &c->replay->decision;
	size_t at = 0;
	for (size_t p = 0; p < decision->count; p++)
		if (decision->points[p].point >= 0)
			compare_point(c, &decision->points[p], &at);
	if (at < c->recorded->n_rows)
		differ(c, "the history has %zu rows more than the decision gives, the first of them %s at %s",
		        c->recorded->n_rows - at, c->recorded->rows[at]->offer_code,
		        c->recorded->rows[at]->interaction_point);
}

// A receipt belongs to the row that it stands in.
static void compare_place(Comparison *c)
{
	const RecordedDecision *recorded = c->recorded;
	const Receipt *receipt = &c->replay->receipt;
	const Snapshot *snapshot = plan_snapshot(c->plan);
	int64_t time_us = decision_time(recorded);
	char had[TIME_TEXT_SIZE], told[TIME_TEXT_SIZE];
	time_format(time_us, had);
	time_format(receipt->request.as_of_us, told);
	same_text(c, "receipt", "visitor", recorded->audience_id,
	        arena_cstr(c->arena, receipt->visitor.audience_id));
	same_text(c, "receipt", "level", recorded->audience_level,
	        snapshot->audience_levels[receipt->visitor.level]->name);
	same_text(c, "receipt", "channel", recorded->channel, snapshot->channel);
	if (time_us != receipt->request.as_of_us)
		same_text(c, "receipt", "time", had, told);
	if (recorded->seed != receipt->request.seed)
		differ(c, "receipt: the history has seed %" PRIu64 ", the receipt %" PRIu64, recorded->seed,
		        receipt->request.seed);
}

static Err decide_again(Comparison *c, bool explain)
{
	Replay *replay = c->replay;
	const ProtobufCBinaryData *bytes = &c->recorded->receipt;
	Err e = receipt_read(
	        c->plan, str_n((const char *)bytes->data, bytes->len), c->arena, &replay->receipt);
	replay->no_receipt = e == ERR_LIMIT;
	if (e == ERR_RECEIPT_INVALID)
		differ(c, "%s", err_detail()->message);
	if (e == ERR_RECEIPT_INVALID || e == ERR_LIMIT)
		return OK;
	TRY(e);
	replay->receipt.request.explain = explain;
	TRY(decide(c->plan, &replay->receipt.visitor, &replay->receipt.request, c->arena, &replay->decision));
	TRY(decision_digest(&replay->decision, c->arena, &replay->digest));
	if (replay->digest != replay->receipt.digest)
		differ(c, "the decision's digest was %016" PRIx64 ", it is %016" PRIx64 " now",
		        replay->receipt.digest, replay->digest);
	compare_place(c);
	compare_rows(c);
	return OK;
}

Err decision_replay(
        const Plan *plan, const RecordedDecision *recorded, bool explain, Arena *arena, Replay *ret)
{
	Comparison c = {.plan = plan, .recorded = recorded, .arena = arena, .replay = ret};
	*ret = (Replay){0};
	return decide_again(&c, explain);
}
