#include "stage.h"

Stage stage;

int stage_set_up(void **state)
{
	(void)state;
	Arena *arena = arena_new(64 * 1024, 0);
	stage = (Stage){
	        .arena = arena,
	        .bank = world_bank(arena),
	        .audience_id = STR("7"),
	        .as_of_us = TEST_NOW_US,
	        .seed = 42,
	};
	stage.state = (VisitorState){.facts = stage.facts, .session_facts = stage.session_facts};
	return 0;
}

int stage_tear_down(void **state)
{
	(void)state;
	arena_free(stage.arena);
	return 0;
}

const Snapshot *stage_open(void)
{
	const Snapshot *snapshot = world_finish(stage.bank);
	if (snapshot_check(snapshot))
		fail_msg("%s", err_detail()->message);
	assert_int_equal(plan_build(snapshot, stage.arena, &stage.plan), OK);
	decide_defaults(stage.plan, 0, stage.values);
	return snapshot;
}

// --- asking ---

static void same_offers(const PointDecision *told, const PointDecision *plain)
{
	assert_int_equal(plain->candidate_count, 0);
	assert_int_equal(plain->offer_count, told->offer_count);
	for (size_t i = 0; i < told->offer_count; i++) {
		const DecidedOffer *a = &told->offers[i], *b = &plain->offers[i];
		assert_memory_equal(&a->id, &b->id, sizeof a->id);
		assert_true(a->score.final >= b->score.final && a->score.final <= b->score.final);
		assert_string_equal(a->treatment_code, b->treatment_code);
		assert_int_equal(a->attribute_count, b->attribute_count);
	}
}

Decision stage_ask(const DecidePoint *points, size_t count)
{
	uint64_t *segments = ARENA_ARRAY(stage.arena, uint64_t, plan_segment_words(stage.plan));
	SegmentRequest segment_request = {.audience_id = stage.audience_id, .as_of_us = stage.as_of_us};
	Segmentation segmentation = {.segments = segments};
	assert_int_equal(
	        decide_segments(stage.plan, &segment_request, stage.values, stage.arena, &segmentation), OK);
	Visitor visitor = {.audience_id = stage.audience_id,
	        .values = stage.values,
	        .segments = segments,
	        .state = stage.state};
	DecideRequest request = {.points = points,
	        .count = count,
	        .as_of_us = stage.as_of_us,
	        .seed = stage.seed,
	        .deduplicate_across = stage.deduplicate_across,
	        .explain = true};
	Decision told, plain;
	assert_int_equal(decide(stage.plan, &visitor, &request, stage.arena, &told), OK);
	request.explain = false;
	assert_int_equal(decide(stage.plan, &visitor, &request, stage.arena, &plain), OK);
	assert_int_equal(told.count, count);
	assert_int_equal(plain.count, count);
	for (size_t i = 0; i < count; i++)
		same_offers(&told.points[i], &plain.points[i]);
	return told;
}

PointDecision stage_ask_point(const char *point, uint32_t max)
{
	DecidePoint wanted = {.point = plan_point(stage.plan, str(point)),
	        .max = max,
	        .filter = stage.filter,
	        .filter_count = stage.filter_count};
	return stage_ask(&wanted, 1).points[0];
}

// --- what came of it ---

static const char *offer_code(uint32_t offer)
{
	return plan_snapshot(stage.plan)->offers[offer]->code;
}

void stage_offers(PointDecision decision, const char *expected)
{
	char *got = arena_printf(stage.arena, "%s", "");
	for (size_t i = 0; i < decision.offer_count; i++)
		got = arena_printf(
		        stage.arena, "%s%s%s", got, i ? " " : "", offer_code(decision.offers[i].id.offer));
	assert_string_equal(got, expected);
}

static const char *name_of(CandidateId id)
{
	const SnapRule *rule = decide_rule(stage.plan, id);
	if (rule && !rule->offer_list)
		return rule->name;
	return arena_printf(
	        stage.arena, "%s:%s", rule ? rule->name : origin_name(id.origin), offer_code(id.offer));
}

static const DecidedCandidate *find(PointDecision decision, const char *name)
{
	for (size_t i = 0; i < decision.candidate_count; i++) {
		if (strcmp(name_of(decision.candidates[i].id), name) == 0)
			return &decision.candidates[i];
	}
	return NULL;
}

bool stage_has(PointDecision decision, const char *name)
{
	return find(decision, name) != NULL;
}

DecidedCandidate stage_candidate(PointDecision decision, const char *name)
{
	const DecidedCandidate *found = find(decision, name);
	if (!found)
		fail_msg("%s is no candidate", name);
	return *found;
}

void stage_reason(PointDecision decision, const char *name, const char *reason)
{
	DecidedCandidate found = stage_candidate(decision, name);
	if (strcmp(reason_name(found.reason), reason) != 0)
		fail_msg("%s: %s, not %s", name, reason_name(found.reason), reason);
}

void stage_cause(PointDecision decision, const char *name, const char *reason, const char *predicate,
        const char *detail)
{
	stage_reason(decision, name, reason);
	DecidedCandidate found = stage_candidate(decision, name);
	if (!str_eq(found.predicate, str(predicate)) || !str_eq(found.detail, str(detail)))
		fail_msg("%s: '" STR_FMT "', '" STR_FMT "'", name, STR_ARG(found.predicate),
		        STR_ARG(found.detail));
}

void stage_listed(PointDecision decision, const char *expected)
{
	char *got = arena_printf(stage.arena, "%s", "");
	for (size_t i = 0; i < decision.candidate_count; i++)
		got = arena_printf(stage.arena, "%s%s%s %s", got, i ? ", " : "",
		        name_of(decision.candidates[i].id), reason_name(decision.candidates[i].reason));
	assert_string_equal(got, expected);
}

// --- facts ---

static Fact fact_of(FactKind kind, const char *offer, int64_t ago_us)
{
	int index = plan_offer(stage.plan, str(offer));
	assert_true(index >= 0);
	return (Fact){.offer = (uint32_t)index,
	        .count = 1,
	        .kind = kind,
	        .time_us = stage.as_of_us - ago_us,
	        .until_us = INT64_MAX};
}

Fact *stage_fact(FactKind kind, const char *offer, int64_t ago_us)
{
	Fact *fact = &stage.facts[stage.state.fact_count++];
	*fact = fact_of(kind, offer, ago_us);
	return fact;
}

Fact *stage_session_fact(FactKind kind, const char *offer, int64_t ago_us)
{
	Fact *fact = &stage.session_facts[stage.state.session_fact_count++];
	*fact = fact_of(kind, offer, ago_us);
	return fact;
}
