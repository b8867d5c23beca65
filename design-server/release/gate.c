// Gates: what must have been measured of exactly these bytes before they go on. They judge by the numbers of
// the newest report, and every refusal ends with the command that makes a better one.
#include "release/internal.h"
#include "release/report.h"

#include <stdio.h>

typedef struct Judge {
	Pg *pg;
	Arena *arena;
	Str channel;
	int64_t now_us;
} Judge;

static bool is_load(const EnvironmentGate *gate)
{
	return str_eq(gate->kind, STR("load"));
}

// The command that fixes it.
static const char *remedy(const Judge *j, const EnvironmentGate *gate)
{
	return is_load(gate)
	               ? arena_printf(j->arena, "parley load " STR_FMT " --env " STR_FMT, STR_ARG(j->channel),
	                         STR_ARG(gate->from))
	               : arena_printf(j->arena, "parley evidence scenarios " STR_FMT " FILE… --env " STR_FMT,
	                         STR_ARG(j->channel), STR_ARG(gate->from));
}

static void pass(Gate *gate, bool passed, const char *reason)
{
	gate->passed = passed;
	gate->reason = (char *)(uintptr_t)reason;
}

static void judge_load(const Judge *j, const EnvironmentGate *rule, const Report *report, Gate *ret)
{
	double most = (double)rule->max_error_rate / SHARE_WHOLE;
	const char *again = remedy(j, rule);
	if (report->error_rate > most)
		pass(ret, false,
		        arena_printf(j->arena,
		                "%lld of %lld calls failed, at most %.4g %% may: find out why, then %s",
		                (long long)report->errors, (long long)report->calls, most * 100, again));
	else if (rule->max_p99_us && report->p99_us > rule->max_p99_us)
		pass(ret, false,
		        arena_printf(j->arena,
		                "p99 was %.3g ms, at most %.3g ms is allowed: make it faster, then %s",
		                (double)report->p99_us / 1000, (double)rule->max_p99_us / 1000, again));
	else if (rule->min_throughput && report->throughput < (double)rule->min_throughput)
		pass(ret, false,
		        arena_printf(j->arena,
		                "%.0f calls/s were answered, %lld are asked for: %s --rate %lld",
		                report->throughput, (long long)rule->min_throughput, again,
		                (long long)rule->min_throughput));
	else
		pass(ret, true,
		        arena_printf(j->arena, "p99 %.3g ms, %.0f calls/s, %lld of %lld calls failed",
		                (double)report->p99_us / 1000, report->throughput, (long long)report->errors,
		                (long long)report->calls));
}

static void judge_scenarios(const Judge *j, const EnvironmentGate *rule, const Report *report, Gate *ret)
{
	if (report->failed)
		pass(ret, false,
		        arena_printf(j->arena,
		                "%lld of %lld scenarios failed: correct them or the channel, then %s",
		                (long long)report->failed, (long long)report->scenarios, remedy(j, rule)));
	else if (report->scenarios < rule->min_scenarios)
		pass(ret, false,
		        arena_printf(j->arena, "%lld scenarios were tried, at least %lld are asked for: %s",
		                (long long)report->scenarios, (long long)rule->min_scenarios,
		                remedy(j, rule)));
	else if (report->coverage < (double)rule->min_coverage / SHARE_WHOLE)
		pass(ret, false,
		        arena_printf(j->arena,
		                "the scenarios reach %.1f %% of the channel, %.4g %% are asked for (parley "
		                "test "
		                "--coverage tells what is missing): %s",
		                report->coverage * 100, (double)rule->min_coverage * 100 / SHARE_WHOLE,
		                remedy(j, rule)));
	else
		pass(ret, true,
		        arena_printf(j->arena, "all %lld scenarios passed, %.1f %% of the channel reached",
		                (long long)report->scenarios, report->coverage * 100));
}

static void judge_report(const Judge *j, const EnvironmentGate *rule, const EvidenceRow *row, Gate *ret)
{
	Report report;
	int64_t age = j->now_us - row->created_us;
	if (rule->max_age_us && age > rule->max_age_us)
		pass(ret, false,
		        arena_printf(j->arena,
		                "the newest report is %lld h old, at most %lld h are allowed: %s",
		                (long long)(age / (3600 * US_PER_S)),
		                (long long)(rule->max_age_us / (3600 * US_PER_S)), remedy(j, rule)));
	else if (report_read(row->kind, row->report, &report) != OK)
		pass(ret, false,
		        arena_printf(j->arena, "its report %lld cannot be read (%.200s): %s",
		                (long long)row->id, err_detail()->message, remedy(j, rule)));
	else if (is_load(rule))
		judge_load(j, rule, &report, ret);
	else
		judge_scenarios(j, rule, &report, ret);
	if (ret->passed && !row->passed)
		pass(ret, false,
		        arena_printf(j->arena, "the tool that made report %lld calls it bad: %s",
		                (long long)row->id, remedy(j, rule)));
}

Err gate_evidence(Pg *pg, const GateCase *of, const EnvironmentGate *rule, Arena *arena, EvidenceRow **ret)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	size_t count;
	TRY(SQL_RUN(pg, &result, evidence_newest, P_TEXT(of->channel), P_BYTES(digest_str(of->digest)),
	        P_TEXT(rule->from), P_TEXT(rule->kind)));
	TRY(record_evidence(result, arena, ret, &count));
	if (!count)
		*ret = NULL;
	return OK;
}

static Err judge_measured(const Judge *j, const GateCase *of, const EnvironmentGate *rule, Gate *gate)
{
	EvidenceRow *row;
	TRY(gate_evidence(j->pg, of, rule, j->arena, &row));
	if (row) {
		gate->evidence = row->id;
		judge_report(j, rule, row, gate);
	} else {
		pass(gate, false,
		        arena_printf(j->arena, "nothing was measured of this snapshot in " STR_FMT ": %s",
		                STR_ARG(rule->from), remedy(j, rule)));
	}
	return OK;
}

static Err judge(const Judge *j, const GateCase *of, const EnvironmentGate *rule, Gate **ret)
{
	Gate *gate = ARENA_NEW(j->arena, Gate);
	if (!gate)
		return release_no_memory();
	*gate = (Gate)PARLEY__DESIGN__V1__GATE__INIT;
	gate->name = arena_cstr(j->arena, rule->kind);
	if (str_eq(rule->kind, STR("behaviour")))
		TRY(gate_behaviour(j->pg, of, rule, j->arena, gate));
	else
		TRY(judge_measured(j, of, rule, gate));
	*ret = gate;
	return gate->name && gate->reason ? OK : release_no_memory();
}

Err gates_judge(Pg *pg, const GateCase *of, Arena *arena, Gates *ret)
{
	const Judge j = {pg, arena, of->channel, of->now_us};
	size_t count = of->environment->gates.count;
	Gate **items = ARENA_ARRAY(arena, Gate *, count);
	int64_t *evidence = ARENA_ARRAY(arena, int64_t, count);
	if (!items || !evidence)
		return release_no_memory();
	*ret = (Gates){.items = items, .count = count, .evidence = evidence};
	for (size_t i = 0; i < count; i++) {
		TRY(judge(&j, of, environment_gate(of->environment, i), &items[i]));
		ret->failed += !items[i]->passed;
		if (items[i]->passed && items[i]->evidence)
			evidence[ret->evidence_count++] = items[i]->evidence;
	}
	return OK;
}

Err gates_check(const Gates *gates)
{
	char text[900] = "";
	size_t len = 0;
	if (!gates->failed)
		return OK;
	for (size_t i = 0; i < gates->count; i++) {
		const Gate *gate = gates->items[i];
		if (gate->passed || len >= sizeof text)
			continue;
		int n = snprintf(
		        text + len, sizeof text - len, "%s%s: %s", len ? "\n" : "", gate->name, gate->reason);
		len += n > 0 ? (size_t)n : 0;
	}
	return err(ERR_GATE_FAILED, "%zu of %zu gates do not let it pass:\n%s", gates->failed, gates->count,
	        text);
}
