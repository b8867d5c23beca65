// decide() by itself, one thread: against a plain interpreter, and how its cost grows with the rules. Both
// must choose the same offers for the same visitors before anything is measured.
#include "interpreter.h"
#include "rules.h"
#include "scale.h"

#include "base/clock.h"
#include "decide/decide.h"
#include "expr/expr.h"

#include <stdio.h>
#include <stdlib.h>

enum { VISITORS = 64, SCRATCH = 8 << 20 };

typedef struct Subject {
	Arena *arena, *scratch;
	RuleSet rules;
	const Plan *plan;
	const Interpreter *interpreter;
	uint64_t decisions;
} Subject;

static int64_t plain_values[VISITORS][RULES_ATTRIBUTES];
static ExprValue values[VISITORS][RULES_ATTRIBUTES];

static void make_visitors(void)
{
	for (uint64_t v = 0; v < VISITORS; v++) {
		rules_visitor(v, plain_values[v]);
		for (size_t i = 0; i < RULES_ATTRIBUTES; i++)
			values[v][i] = expr_int(plain_values[v][i]);
	}
}

static void decide_for(const Subject *subject, size_t visitor, uint64_t seed, Decision *ret)
{
	const Visitor who = {.level = RULES_LEVEL, .values = values[visitor]};
	const DecidePoint point = {.point = 0, .max = RULES_TAKEN};
	arena_reset(subject->scratch);
	bench_must(decide(subject->plan, &who, &(DecideRequest){.points = &point, .count = 1, .seed = seed},
	        subject->scratch, ret));
}

// Both sides choose alike; returns the share of rules that are eligible.
static double check_agreement(const Subject *subject)
{
	uint64_t eligible = 0;
	for (size_t v = 0; v < VISITORS; v++) {
		Decision decision;
		Choice choices[RULES_TAKEN];
		size_t count = interpreter_decide(subject->interpreter, plain_values[v], choices, &eligible);
		decide_for(subject, v, v, &decision);
		bool alike = decision.points[0].offer_count == count;
		for (size_t i = 0; i < count && alike; i++)
			alike = decision.points[0].offers[i].id.source == choices[i].rule;
		if (!alike) {
			fprintf(stderr, "%zu rules, visitor %zu: the two sides choose differently\n",
			        subject->rules.count, v);
			exit(1);
		}
	}
	return (double)eligible / (double)(VISITORS * subject->rules.count);
}

static Subject *subject_new(size_t rules)
{
	Subject *subject = calloc(1, sizeof *subject);
	if (subject == NULL)
		bench_die("memory");
	subject->arena = arena_new(1 << 20, 0);
	subject->scratch = arena_new(SCRATCH, 0);
	rules_make(rules, subject->arena, &subject->rules);
	bench_must(snapshot_check(subject->rules.snapshot));
	bench_must(plan_build(subject->rules.snapshot, subject->arena, &subject->plan));
	subject->interpreter = interpreter_new(&subject->rules, subject->arena);
	return subject;
}

static void subject_free(Subject *subject)
{
	arena_free(subject->scratch);
	arena_free(subject->arena);
	free(subject);
}

// --- one round ---

static double round_us(void)
{
	return bench_quick() ? 60e3 : 300e3;
}

// Nanoseconds a decision.
static double measure_engine(Subject *subject)
{
	int64_t begun = monotonic_us(), us = 0;
	uint64_t count = 0;
	do {
		for (size_t v = 0; v < VISITORS; v++) {
			Decision decision;
			decide_for(subject, v, ++subject->decisions, &decision);
			count++;
		}
		us = monotonic_us() - begun;
	} while ((double)us < round_us());
	return (double)us * 1e3 / (double)count;
}

static double measure_interpreter(Subject *subject)
{
	int64_t begun = monotonic_us(), us = 0;
	uint64_t count = 0, eligible = 0;
	Choice choices[RULES_TAKEN];
	do {
		for (size_t v = 0; v < VISITORS; v++) {
			interpreter_decide(subject->interpreter, plain_values[v], choices, &eligible);
			count++;
		}
		us = monotonic_us() - begun;
	} while ((double)us < round_us());
	return (double)us * 1e3 / (double)count;
}

// --- rows ---

static double engine_rate(void *context)
{
	return 1e9 / measure_engine(context);
}

static double interpreter_rate(void *context)
{
	return 1e9 / measure_interpreter(context);
}

static void against_interpreter(void)
{
	Subject *subject = subject_new(1000);
	check_agreement(subject);
	bench_run(&(BenchRow){.name = "decide_1000_vs_interpreter",
	        .unit = "decisions/s",
	        .ours = engine_rate,
	        .floor = interpreter_rate,
	        .context = subject});
	subject_free(subject);
}

static double first_ns(void *context)
{
	return measure_engine(((Subject **)context)[0]);
}

static double second_ns(void *context)
{
	return measure_engine(((Subject **)context)[1]);
}

static void growth(void)
{
	Subject *pair[2] = {subject_new(100000), subject_new(1000)};
	bench_run(&(BenchRow){.name = "decide_growth",
	        .unit = "ns",
	        .ours = first_ns,
	        .floor = second_ns,
	        .context = pair});
	subject_free(pair[0]);
	subject_free(pair[1]);
}

// How cost grows, for people.
static void table(void)
{
	static const size_t sizes[] = {10, 100, 1000, 10000, 100000};
	bench_note("|    rules  eligible  decide() ns  interpreter ns  interpreter / decide()");
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		double ours[5], floors[5];
		Subject *subject = subject_new(sizes[i]);
		double eligible = check_agreement(subject);
		for (size_t round = 0; round < 5; round++) {
			ours[round] = measure_engine(subject);
			floors[round] = measure_interpreter(subject);
		}
		double our_median = bench_median(ours, 5), floor_median = bench_median(floors, 5);
		bench_note("| %8zu  %6.1f %%  %11.0f  %14.0f  %22.2f", sizes[i], eligible * 100, our_median,
		        floor_median, floor_median / our_median);
		subject_free(subject);
	}
}

int main(int argc, char **argv)
{
	bench_begin(argc, argv);
	make_visitors();
	if (bench_wants("decide_1000_vs_interpreter"))
		against_interpreter();
	if (bench_wants("decide_growth")) {
		growth();
		table();
		scale_tables();
	}
	return 0;
}
