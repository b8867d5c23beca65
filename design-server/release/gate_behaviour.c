// The behavioural gate: how many winners a snapshot changes, by what its environment's visitors really asked
// for. The report's counts are the tool's; which snapshots, how many decisions of what time and what may
// change is looked up and judged here. Where nothing serves yet, nothing can change; where fewer decisions
// were recorded than the gate asks for, the profile says which way it goes.
#include "release/behaviour.h"
#include "release/internal.h"

#include <stdio.h>

enum { TOLD_MAX = 5, CLOCK_SLACK_US = 60 * 1000 * 1000, HOUR_S = 3600 };

typedef struct Case {
	Pg *pg;
	Arena *arena;
	const GateCase *of;
	const EnvironmentGate *rule;
	const char *again; // the command that compares
	Gate *gate;
} Case;

__attribute__((format(printf, 3, 4))) static Err say(const Case *c, bool passed, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	c->gate->passed = passed;
	c->gate->reason = arena_vprintf(c->arena, fmt, args);
	va_end(args);
	return c->gate->reason ? OK : release_no_memory();
}

// How many decisions with a receipt the history has of a time, as far as `most`.
static Err count_recorded(const Case *c, int64_t since_us, int64_t until_us, int64_t most, int64_t *ret)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(SQL_RUN(c->pg, &result, decision_count, P_TEXT(c->rule->from), P_TEXT(c->of->channel),
	        P_TIME(since_us), P_TIME(until_us), P_I64(most)));
	*ret = pg_i64(result, 0, 0);
	return OK;
}

// --- limits ---

static double percent_of(const BehaviourCount *count)
{
	return count->questions ? 100.0 * (double)count->changed / (double)count->questions : 0;
}

static int64_t limit_of(const EnvironmentGate *rule, const BehaviourCount *count)
{
	bool zone = str_eq(count->kind, STR("zone"));
	if (str_eq(count->kind, STR("channel")))
		return rule->max_changed;
	for (size_t i = 0; i < rule->limits.count; i++) {
		const EnvironmentGateLimit *limit = environment_gate_limit(rule, i);
		Str name = zone ? limit->zone : limit->segment;
		if (name.len && str_eq(name, count->name))
			return limit->max_changed;
	}
	return zone ? rule->max_changed_zone : rule->max_changed_segment;
}

static bool is_beyond(const EnvironmentGate *rule, const BehaviourCount *count)
{
	bool enough = str_eq(count->kind, STR("channel")) || count->questions >= rule->min_questions;
	return enough && count->changed * SHARE_WHOLE > limit_of(rule, count) * count->questions;
}

// "WINNERS_CHANGED:zone/hero"
static const char *acknowledgement(const Case *c, const BehaviourCount *count)
{
	Str name = str_eq(count->kind, STR("channel")) ? c->of->channel : count->name;
	const char *text = arena_printf(
	        c->arena, "WINNERS_CHANGED:" STR_FMT "/" STR_FMT, STR_ARG(count->kind), STR_ARG(name));
	return text ? text : "";
}

static bool is_acknowledged(const Case *c, const BehaviourCount *count)
{
	const char *name = acknowledgement(c, count);
	for (size_t i = 0; c->rule->acknowledge && i < c->of->acknowledged_count; i++)
		if (str_eq(c->of->acknowledged[i], str(name)))
			return true;
	return false;
}

static const char *who(const Case *c, const BehaviourCount *count)
{
	if (str_eq(count->kind, STR("channel")))
		return "all together";
	const char *text = count->name.len ? arena_printf(c->arena, STR_FMT " " STR_FMT, STR_ARG(count->kind),
	                                             STR_ARG(count->name))
	                                   : "visitors in no segment";
	return text ? text : "";
}

// What is beyond its limit, the worst first, each with what acknowledges it.
typedef struct Beyond {
	const BehaviourCount *told[TOLD_MAX];
	size_t count, acknowledged;
} Beyond;

static void beyond_add(Beyond *beyond, const BehaviourCount *count)
{
	size_t at = beyond->count < TOLD_MAX ? beyond->count : TOLD_MAX;
	for (; at > 0 && percent_of(count) > percent_of(beyond->told[at - 1]); at--)
		if (at < TOLD_MAX)
			beyond->told[at] = beyond->told[at - 1];
	if (at < TOLD_MAX)
		beyond->told[at] = count;
	beyond->count++;
}

static Err say_beyond(const Case *c, const Beyond *beyond)
{
	const char *text = "", *names = "";
	for (size_t i = 0; i < beyond->count && i < TOLD_MAX && text && names; i++) {
		const BehaviourCount *at = beyond->told[i];
		text = arena_printf(c->arena, "%s%s%s: %.3g %% of %lld winners changed, at most %.4g %% may",
		        text, i ? "; " : "", who(c, at), percent_of(at), (long long)at->questions,
		        100.0 * (double)limit_of(c->rule, at) / SHARE_WHOLE);
		names = arena_printf(c->arena, "%s --acknowledge %s", names, acknowledgement(c, at));
	}
	if (!text || !names)
		return release_no_memory();
	if (beyond->count > TOLD_MAX)
		text = arena_printf(c->arena, "%s; and %zu more", text, beyond->count - TOLD_MAX);
	if (!c->rule->acknowledge)
		return say(c, false,
		        "%s: make the change smaller, or have the limit in the profile of " STR_FMT " raised",
		        text, STR_ARG(c->of->environment->name));
	return say(c, false,
	        "%s: make the change smaller or, if it is meant, parley promote " STR_FMT " --to " STR_FMT
	        "%s",
	        text, STR_ARG(c->of->channel), STR_ARG(c->of->environment->name), names);
}

// The largest share of those that are judged.
static const BehaviourCount *worst(const Case *c, const BehaviourReport *report, Str kind)
{
	const BehaviourCount *ret = NULL;
	for (size_t i = 0; i < report->count; i++) {
		const BehaviourCount *at = &report->counts[i];
		if (str_eq(at->kind, kind) && at->questions >= c->rule->min_questions && at->changed &&
		        (!ret || percent_of(at) > percent_of(ret)))
			ret = at;
	}
	return ret;
}

static const char *figures(const Case *c, const BehaviourReport *report)
{
	const BehaviourCount *all = report->counts, *zone = worst(c, report, STR("zone")),
	                     *segment = worst(c, report, STR("segment"));
	const char *text = arena_printf(c->arena, "%.3g %% of %lld winners changed in %lld decisions",
	        percent_of(all), (long long)all->questions, (long long)report->decisions);
	if (text && zone)
		text = arena_printf(
		        c->arena, "%s; most in %s (%.3g %%)", text, who(c, zone), percent_of(zone));
	if (text && segment)
		text = arena_printf(
		        c->arena, "%s, of %s (%.3g %%)", text, who(c, segment), percent_of(segment));
	return text ? text : "";
}

static Err judge_limits(const Case *c, const BehaviourReport *report)
{
	Beyond beyond = {0};
	for (size_t i = 0; i < report->count; i++) {
		if (!is_beyond(c->rule, &report->counts[i]))
			continue;
		if (is_acknowledged(c, &report->counts[i]))
			beyond.acknowledged++;
		else
			beyond_add(&beyond, &report->counts[i]);
	}
	if (beyond.count)
		return say_beyond(c, &beyond);
	if (beyond.acknowledged)
		return say(c, true, "%s; %zu beyond a limit, acknowledged", figures(c, report),
		        beyond.acknowledged);
	return say(c, true, "%s", figures(c, report));
}

// --- the report ---

static Err judge_numbers(const Case *c, const BehaviourReport *report)
{
	int64_t recorded;
	if (report->different)
		return say(c, false,
		        "%lld of the recorded decisions did not come out as they were recorded, so the "
		        "comparison "
		        "proves nothing: parley decision replay --channel " STR_FMT " --env " STR_FMT
		        " tells which",
		        (long long)report->different, STR_ARG(c->of->channel), STR_ARG(c->rule->from));
	if (report->decisions < c->rule->min_decisions)
		return say(c, false,
		        "%lld decisions were compared, at least %lld are asked for: %s, over a longer time",
		        (long long)report->decisions, (long long)c->rule->min_decisions, c->again);
	TRY(count_recorded(c, report->since_us, report->until_us, report->decisions, &recorded));
	if (recorded < report->decisions)
		return say(c, false, "it counts %lld decisions, but the history of its time has %lld: %s",
		        (long long)report->decisions, (long long)recorded, c->again);
	return judge_limits(c, report);
}

static Err judge_report(const Case *c, const EvidenceRow *row, const Digest *running)
{
	BehaviourReport report;
	int64_t oldest_us = c->of->now_us - c->rule->max_age_us;
	c->gate->evidence = row->id;
	if (behaviour_parse(row->report, c->arena, &report) != OK)
		return say(c, false, "its report %lld cannot be read (%.200s): %s", (long long)row->id,
		        err_detail()->message, c->again);
	if (!digest_eq(&report.running, running))
		return say(c, false, "it was compared with another snapshot than " STR_FMT " runs now: %s",
		        STR_ARG(c->rule->from), c->again);
	if (row->created_us < oldest_us || report.until_us < oldest_us ||
	        report.until_us > row->created_us + CLOCK_SLACK_US)
		return say(c, false, "its decisions are not of the last %lld h: %s",
		        (long long)(c->rule->max_age_us / (HOUR_S * US_PER_S)), c->again);
	return judge_numbers(c, &report);
}

// --- the gate ---

// Fewer decisions than the gate asks for were recorded at all.
static Err judge_few(const Case *c, int64_t recorded)
{
	const char *few = arena_printf(c->arena,
	        "the last %lld h of " STR_FMT " have %lld recorded decisions, %lld are asked for",
	        (long long)(c->rule->max_age_us / (HOUR_S * US_PER_S)), STR_ARG(c->rule->from),
	        (long long)recorded, (long long)c->rule->min_decisions);
	if (!few)
		return release_no_memory();
	if (str_eq(c->rule->when_few, STR("pass")))
		return say(c, true, "%s: too few to judge by, and the profile lets that pass", few);
	return say(
	        c, false, "%s: wait for more, or have min_decisions or when_few changed in the profile", few);
}

// Without being told, the tool compares with what comes next to where decisions were recorded.
static const char *remedy(const GateCase *of, const EnvironmentGate *rule, Arena *arena)
{
	Str before = of->environment->promotes_from;
	const char *text = arena_printf(arena, "parley behaviour " STR_FMT " --env " STR_FMT,
	        STR_ARG(of->channel), STR_ARG(rule->from));
	if (!text || str_eq(rule->from, of->environment->name))
		return text;
	return arena_printf(
	        arena, "%s --snapshot " STR_FMT ":" STR_FMT, text, STR_ARG(before), STR_ARG(of->channel));
}

Err gate_behaviour(Pg *pg, const GateCase *of, const EnvironmentGate *rule, Arena *arena, Gate *ret)
{
	const Case c = {pg, arena, of, rule, remedy(of, rule, arena), ret};
	Row running;
	EvidenceRow *row;
	bool found;
	int64_t recorded;
	if (!c.again)
		return release_no_memory();
	TRY(record_in_force(pg, rule->from, of->channel, arena, &running, &found));
	if (!found || running.undeploy)
		return say(&c, true, "nothing serves in " STR_FMT " yet, so nothing changes there",
		        STR_ARG(rule->from));
	if (digest_eq(&running.blob, of->digest))
		return say(&c, true, STR_FMT " runs these very bytes", STR_ARG(rule->from));
	TRY(count_recorded(&c, of->now_us - rule->max_age_us, of->now_us, rule->min_decisions, &recorded));
	if (recorded < rule->min_decisions)
		return judge_few(&c, recorded);
	TRY(gate_evidence(pg, of, rule, arena, &row));
	if (!row)
		return say(&c, false, "its winners were not compared with those of what " STR_FMT " runs: %s",
		        STR_ARG(rule->from), c.again);
	return judge_report(&c, row, &running.blob);
}
