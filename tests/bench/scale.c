// How far the engine goes: tables for people, in no row. Each line is a plan of its own; figures are medians
// of five rounds.
#include "scale.h"
#include "rules.h"

#include "base/clock.h"
#include "decide/decide.h"

#include <stdio.h>

enum { VISITORS = 64, ROUNDS = 5, SCRATCH = 8 << 20 };

// A plan and what it took to build.
typedef struct Scale {
	Arena *arena, *scratch;
	RuleSet rules;
	const Plan *plan;
	double build_ms, plan_mib;
	uint64_t decisions;
	uint64_t *segments; // of the visitor who decides; NULL: none
} Scale;

static ExprValue values[VISITORS][RULES_ATTRIBUTES];

static Scale scale_new(size_t rules, size_t offers)
{
	Scale scale = {.arena = arena_new(1 << 20, 0), .scratch = arena_new(SCRATCH, 0)};
	rules_make_for(rules, offers, scale.arena, &scale.rules);
	return scale;
}

static void scale_plan(Scale *scale)
{
	size_t used = arena_used(scale->arena);
	bench_must(snapshot_check(scale->rules.snapshot));
	int64_t begun = monotonic_us();
	bench_must(plan_build(scale->rules.snapshot, scale->arena, &scale->plan));
	scale->build_ms = (double)(monotonic_us() - begun) / 1e3;
	scale->plan_mib = (double)(arena_used(scale->arena) - used) / (1 << 20);
}

static void scale_free(Scale *scale)
{
	arena_free(scale->scratch);
	arena_free(scale->arena);
}

typedef void (*Act)(Scale *scale, size_t visitor);

static void act_decide(Scale *scale, size_t visitor)
{
	const Visitor who = {.level = RULES_LEVEL,
	        .audience_id = STR("4711"),
	        .values = values[visitor],
	        .segments = scale->segments};
	const DecidePoint point = {.point = 0, .max = RULES_TAKEN};
	Decision decision;
	bench_must(decide(scale->plan, &who,
	        &(DecideRequest){.points = &point, .count = 1, .seed = ++scale->decisions}, scale->scratch,
	        &decision));
}

static void act_segment(Scale *scale, size_t visitor)
{
	const SegmentRequest request = {.level = RULES_LEVEL, .audience_id = STR("4711")};
	Segmentation into = {
	        .segments = ARENA_ARRAY(scale->scratch, uint64_t, plan_segment_words(scale->plan))};
	bench_must(decide_segments(scale->plan, &request, values[visitor], scale->scratch, &into));
}

// Nanoseconds.
static double measure(Scale *scale, Act act)
{
	double rounds[ROUNDS], round_us = bench_quick() ? 10e3 : 60e3;
	for (size_t i = 0; i < ROUNDS; i++) {
		int64_t begun = monotonic_us(), us = 0;
		uint64_t count = 0;
		for (; (double)us < round_us; us = monotonic_us() - begun) {
			for (size_t v = 0; v < VISITORS; v++, count++) {
				arena_reset(scale->scratch);
				act(scale, v);
			}
		}
		rounds[i] = (double)us * 1e3 / (double)count;
	}
	return bench_median(rounds, ROUNDS);
}

static size_t sizes_for_quick(size_t count)
{
	return bench_quick() && count > 3 ? 3 : count;
}

// --- rules ---

static void make_static(Snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->n_rules; i++) {
		snapshot->rules[i]->score_expression = NULL;
		snapshot->rules[i]->score = (double)(i * 7919 % 101);
	}
}

static void rules_table(void)
{
	static const size_t sizes[] = {10, 100, 1000, 10000, 100000};
	bench_note("| three predicates a rule over 20 attributes, the best three");
	bench_note("|    rules  dynamic ns  static ns  plan MiB  build ms");
	for (size_t i = 0; i < sizes_for_quick(ARRAY_COUNT(sizes)); i++) {
		Scale dynamic = scale_new(sizes[i], 1000), fixed = scale_new(sizes[i], 1000);
		make_static(fixed.rules.snapshot);
		scale_plan(&dynamic);
		scale_plan(&fixed);
		bench_note("| %8zu  %10.0f  %9.0f  %8.2f  %8.1f", sizes[i], measure(&dynamic, act_decide),
		        measure(&fixed, act_decide), dynamic.plan_mib, dynamic.build_ms);
		scale_free(&dynamic);
		scale_free(&fixed);
	}
}

static void offers_table(void)
{
	static const size_t sizes[] = {10, 100, 1000, 10000, 100000};
	bench_note("| as many offers as rules, dynamic scores");
	bench_note("|   offers  decide ns  plan MiB  build ms");
	for (size_t i = 0; i < sizes_for_quick(ARRAY_COUNT(sizes)); i++) {
		Scale scale = scale_new(sizes[i], sizes[i]);
		scale_plan(&scale);
		bench_note("| %8zu  %9.0f  %8.2f  %8.1f", sizes[i], measure(&scale, act_decide),
		        scale.plan_mib, scale.build_ms);
		scale_free(&scale);
	}
}

// --- segments ---

// A segment for each rule, with the rule's condition; the rule keeps only that.
static void move_to_segments(Scale *scale)
{
	Snapshot *snapshot = scale->rules.snapshot;
	snapshot->n_segments = snapshot->n_rules;
	snapshot->segments = ARENA_ARRAY(scale->arena, SnapSegment *, snapshot->n_rules);
	for (size_t i = 0; i < snapshot->n_rules; i++) {
		SnapSegment *segment = snapshot->segments[i] = ARENA_NEW(scale->arena, SnapSegment);
		parley__snapshot__v1__segment__init(segment);
		segment->name = snapshot->rules[i]->name;
		segment->expression = snapshot->rules[i]->eligibility;
		snapshot->rules[i]->eligibility = NULL;
		snapshot->rules[i]->segment = (uint32_t)i + 1;
	}
}

static void segments_table(void)
{
	static const size_t sizes[] = {10, 100, 1000, 10000, 65536};
	bench_note("| a segment of three predicates for each of as many rules");
	bench_note("| segments  segments ns  decide ns  plan MiB  build ms");
	for (size_t i = 0; i < sizes_for_quick(ARRAY_COUNT(sizes)); i++) {
		Scale scale = scale_new(sizes[i], 1000);
		move_to_segments(&scale);
		scale_plan(&scale);
		double segments_ns = measure(&scale, act_segment);
		Segmentation into = {
		        .segments = ARENA_ARRAY(scale.arena, uint64_t, plan_segment_words(scale.plan))};
		bench_must(decide_segments(scale.plan, &(SegmentRequest){.level = RULES_LEVEL}, values[0],
		        scale.scratch, &into));
		scale.segments = into.segments;
		bench_note("| %8zu  %11.0f  %9.0f  %8.2f  %8.1f", sizes[i], segments_ns,
		        measure(&scale, act_decide), scale.plan_mib, scale.build_ms);
		scale_free(&scale);
	}
}

// --- long lists ---

// Numbers as texts, in the order of their bytes.
static char *sorted_id(Arena *arena, size_t number)
{
	return arena_printf(arena, "%zu", number + 1000000);
}

static void list_visitors(Scale *scale, size_t count)
{
	Snapshot *snapshot = scale->rules.snapshot;
	Parley__Snapshot__V1__AudienceList *list =
	        ARENA_NEW(scale->arena, Parley__Snapshot__V1__AudienceList);
	SnapSegment *segment = ARENA_NEW(scale->arena, SnapSegment);
	parley__snapshot__v1__audience_list__init(list);
	parley__snapshot__v1__segment__init(segment);
	list->name = segment->name = (char *)(uintptr_t) "listed";
	list->n_ids = count;
	list->ids = ARENA_ARRAY(scale->arena, char *, count);
	for (size_t i = 0; i < count; i++)
		list->ids[i] = sorted_id(scale->arena, i);
	segment->list = 1;
	snapshot->n_audience_lists = snapshot->n_segments = 1;
	snapshot->audience_lists = ARENA_NEW(scale->arena, Parley__Snapshot__V1__AudienceList *);
	snapshot->segments = ARENA_NEW(scale->arena, SnapSegment *);
	snapshot->audience_lists[0] = list;
	snapshot->segments[0] = segment;
}

static void blacklist_visitors(Scale *scale, size_t count)
{
	Snapshot *snapshot = scale->rules.snapshot;
	snapshot->n_blacklist = count;
	snapshot->blacklist = ARENA_ARRAY(scale->arena, SnapBlacklistEntry *, count);
	for (size_t i = 0; i < count; i++) {
		SnapBlacklistEntry *entry = snapshot->blacklist[i] =
		        ARENA_NEW(scale->arena, SnapBlacklistEntry);
		parley__snapshot__v1__blacklist_entry__init(entry);
		entry->audience_id = sorted_id(scale->arena, i);
		entry->offer = (uint32_t)(i % snapshot->n_offers);
	}
}

static void lists_table(void)
{
	static const size_t sizes[] = {1000, 100000, 1000000};
	bench_note("| 1,000 rules, and so many audience IDs on a segment's list and on the blacklist");
	bench_note("|      IDs  segments ns  decide ns  plan MiB  build ms");
	for (size_t i = 0; i < (bench_quick() ? 2 : ARRAY_COUNT(sizes)); i++) {
		Scale scale = scale_new(1000, 1000);
		list_visitors(&scale, sizes[i]);
		blacklist_visitors(&scale, sizes[i]);
		scale_plan(&scale);
		scale.segments = ARENA_ARRAY(scale.arena, uint64_t, plan_segment_words(scale.plan));
		bench_note("| %8zu  %11.0f  %9.0f  %8.2f  %8.1f", sizes[i], measure(&scale, act_segment),
		        measure(&scale, act_decide), scale.plan_mib, scale.build_ms);
		scale_free(&scale);
	}
}

void scale_tables(void)
{
	for (uint64_t v = 0; v < VISITORS; v++) {
		int64_t plain[RULES_ATTRIBUTES];
		rules_visitor(v, plain);
		for (size_t i = 0; i < RULES_ATTRIBUTES; i++)
			values[v][i] = expr_int(plain[i]);
	}
	rules_table();
	offers_table();
	segments_table();
	lists_table();
}
