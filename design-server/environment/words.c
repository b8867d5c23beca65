// What a profile says, in words for people.
#include "environment/internal.h"

#include <stdio.h>

enum { PERCENT = 10000 };

// 10000 → "1", 15000 → "1.5"
static void percent(int64_t share, char text[WORD_MAX])
{
	int len = snprintf(
	        text, WORD_MAX, "%lld.%04lld", (long long)(share / PERCENT), (long long)(share % PERCENT));
	while (len > 0 && text[len - 1] == '0')
		text[--len] = '\0';
	if (len > 0 && text[len - 1] == '.')
		text[--len] = '\0';
}

void duration_text(int64_t us, char text[WORD_MAX])
{
	static const struct {
		int64_t us;
		const char *suffix;
	} units[] = {{INT64_C(86400) * 1000000, "d"}, {INT64_C(3600) * 1000000, "h"}, {60 * 1000000, "m"},
	        {1000000, "s"}, {1000, "ms"}, {1, "us"}};
	size_t i = 0;
	while (i + 1 < ARRAY_COUNT(units) && us % units[i].us)
		i++;
	snprintf(text, WORD_MAX, "%lld%s", (long long)(us / units[i].us), units[i].suffix);
}

static const char *step_servers(const EnvironmentStep *step, Arena *arena)
{
	const char *text = step->servers.count ? "" : "all servers";
	for (size_t i = 0; i < step->servers.count && text; i++)
		text = arena_printf(
		        arena, "%s%s" STR_FMT, text, i ? " and " : "", STR_ARG(step->servers.items[i]));
	return text;
}

const char *environment_step_text(const Environment *environment, size_t step, Arena *arena)
{
	if (step >= environment->rollout.steps.count)
		return "all servers, all sessions";
	const EnvironmentStep *s = environment_step(environment, step);
	const char *servers = step_servers(s, arena);
	char share[WORD_MAX], bake[WORD_MAX];
	percent(s->share, share);
	duration_text(s->bake_us, bake);
	const char *text =
	        servers ? arena_printf(arena, "%s, %s %% of sessions, for %s", servers, share, bake) : NULL;
	return text ? text : "";
}

static const char *add_limit(const char *text, int64_t share, const char *where, Str name, Arena *arena)
{
	char most[WORD_MAX];
	percent(share, most);
	return text ? arena_printf(arena, "%s%s%s %% of %s" STR_FMT, text, *text ? ", " : "", most, where,
	                      STR_ARG(name))
	            : NULL;
}

static const char *changes_text(const EnvironmentGate *gate, Arena *arena)
{
	const char *text = "";
	if (gate->max_changed < SHARE_WHOLE)
		text = add_limit(text, gate->max_changed, "all", STR(""), arena);
	if (gate->max_changed_zone < SHARE_WHOLE)
		text = add_limit(text, gate->max_changed_zone, "each zone's", STR(""), arena);
	if (gate->max_changed_segment < SHARE_WHOLE)
		text = add_limit(text, gate->max_changed_segment, "each segment's", STR(""), arena);
	for (size_t i = 0; i < gate->limits.count; i++) {
		const EnvironmentGateLimit *limit = environment_gate_limit(gate, i);
		bool zone = limit->zone.len > 0;
		text = add_limit(text, limit->max_changed, zone ? "zone " : "segment ",
		        zone ? limit->zone : limit->segment, arena);
	}
	return text;
}

static const char *behaviour_text(const EnvironmentGate *gate, Arena *arena)
{
	char age[WORD_MAX];
	const char *changes = changes_text(gate, arena);
	duration_text(gate->max_age_us, age);
	const char *text = changes ? arena_printf(arena,
	                                     "behaviour on " STR_FMT
	                                     " within %s, at least %lld decisions (fewer recorded: %s), "
	                                     "winners that may change: %s%s",
	                                     STR_ARG(gate->from), age, (long long)gate->min_decisions,
	                                     str_eq(gate->when_few, STR("pass")) ? "passes" : "stops",
	                                     changes, gate->acknowledge ? "; or acknowledged by name" : "")
	                           : NULL;
	return text ? text : "";
}

const char *environment_gate_text(const EnvironmentGate *gate, Arena *arena)
{
	if (str_eq(gate->kind, STR("behaviour")))
		return behaviour_text(gate, arena);
	char age[WORD_MAX], p99[WORD_MAX] = "", throughput[2 * WORD_MAX] = "", errors[WORD_MAX] = "";
	duration_text(gate->max_age_us, age);
	const char *text = arena_printf(
	        arena, STR_FMT " on " STR_FMT " within %s", STR_ARG(gate->kind), STR_ARG(gate->from), age);
	if (text && gate->min_scenarios)
		text = arena_printf(arena, "%s, at least %lld", text, (long long)gate->min_scenarios);
	if (text && gate->min_coverage) {
		percent(gate->min_coverage, errors);
		text = arena_printf(arena, "%s, reaching at least %s %%", text, errors);
	}
	if (text && gate->max_p99_us) {
		duration_text(gate->max_p99_us, p99);
		text = arena_printf(arena, "%s, p99 at most %s", text, p99);
	}
	if (text && gate->min_throughput) {
		snprintf(throughput, sizeof throughput, "%lld", (long long)gate->min_throughput);
		text = arena_printf(arena, "%s, at least %s calls/s", text, throughput);
	}
	if (text && str_eq(gate->kind, STR("load"))) {
		percent(gate->max_error_rate, errors);
		text = arena_printf(arena, "%s, errors at most %s %%", text, errors);
	}
	return text ? text : "";
}

const char *rollout_text(const Environment *environment, Arena *arena)
{
	const EnvironmentReturn *worse = &environment->rollout.return_on;
	char errors[WORD_MAX], ratio[WORD_MAX], drop[WORD_MAX];
	const char *text = "";
	if (!environment->rollout.steps.count)
		return "all servers at once";
	for (size_t i = 0; i < environment->rollout.steps.count && text; i++)
		text = arena_printf(
		        arena, "%s%s%s", text, i ? "; " : "", environment_step_text(environment, i, arena));
	percent(worse->error_rate, errors);
	percent(worse->p99_ratio, ratio);
	percent(worse->acceptance_drop, drop);
	return text ? arena_printf(arena,
	                      "%s; then everywhere. Returns by itself when errors are %s points higher, p99 "
	                      "above %s %%, "
	                      "acceptance %s %% lower than where the old one serves (from %lld calls on)",
	                      text, errors, ratio, drop, (long long)worse->min_calls)
	            : "";
}
