// A fact that no suppression and no constraint has the offer of adds nothing up, whatever the time (facts.c).
// Of the others it is known at which moments they begin or cease to count.
#include "decide/lasting_facts.h"

static const int64_t hour_us = INT64_C(3600) * 1000000, day_us = INT64_C(86400) * 1000000;

// --- which ---

static bool is_event(const Fact *fact)
{
	return fact->kind == FACT_SUPPRESS || fact->kind == FACT_QUALIFY;
}

static bool may_count(const Plan *plan, const Fact *fact)
{
	const uint32_t *suppressions = &plan->suppressions.starts[fact->offer],
	               *constraints = &plan->constraints.starts[fact->offer];
	return is_event(fact) || suppressions[0] != suppressions[1] || constraints[0] != constraints[1];
}

static bool add_counting(const Plan *plan, const Fact *facts, size_t count, CountingFacts *ret)
{
	if (count > DECIDE_FACTS_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!may_count(plan, &facts[i]))
			continue;
		if (ret->count == LASTING_FACTS)
			return false;
		ret->items[ret->count++] = facts[i];
	}
	return true;
}

bool facts_counting(const Plan *plan, const VisitorState *state, CountingFacts *ret)
{
	ret->count = 0;
	if (!add_counting(plan, state->facts, state->fact_count, ret))
		return false;
	ret->of_visitor = ret->count;
	return add_counting(plan, state->session_facts, state->session_fact_count, ret);
}

static bool is_same(const Fact *a, const Fact *b)
{
	return a->offer == b->offer && a->count == b->count && a->kind == b->kind &&
	       a->time_us == b->time_us && a->until_us == b->until_us &&
	       memcmp(&a->score, &b->score, sizeof a->score) == 0;
}

bool facts_same(const Fact *a, const Fact *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!is_same(&a[i], &b[i]))
			return false;
	return true;
}

// --- until when ---

// Something is another from the moment on.
static void narrow(int64_t moment_us, int64_t as_of_us, Window *time)
{
	if (moment_us <= as_of_us && moment_us > time->from_us)
		time->from_us = moment_us;
	if (moment_us > as_of_us && moment_us < time->until_us)
		time->until_us = moment_us;
}

static void narrow_to_days(int64_t time_us, uint32_t days, int64_t as_of_us, Window *time)
{
	int64_t span, moment_us;
	if (!__builtin_mul_overflow((int64_t)days, day_us, &span) &&
	        !__builtin_add_overflow(time_us, span, &moment_us))
		narrow(moment_us, as_of_us, time);
}

static void narrow_to_period(Parley__Snapshot__V1__Period period, int64_t as_of_us, Window *time)
{
	static const int64_t longest_us[] = {[SNAP_PERIOD(HOUR)] = hour_us,
	        [SNAP_PERIOD(DAY)] = day_us,
	        [SNAP_PERIOD(WEEK)] = 7 * day_us,
	        [SNAP_PERIOD(MONTH)] = 31 * day_us};
	int64_t start_us = decide_period_start(period, as_of_us), behind_us;
	if (period == SNAP_PERIOD(EVER))
		return;
	narrow(start_us, as_of_us, time);
	if (start_us == INT64_MIN || __builtin_add_overflow(start_us, longest_us[period], &behind_us))
		time->until_us = as_of_us; // where calendars end nothing lasts
	else
		narrow(decide_period_start(period, behind_us), as_of_us, time);
}

static void narrow_to_limits(const Plan *plan, const Fact *fact, int64_t as_of_us, Window *time)
{
	const uint32_t *suppressions = &plan->suppressions.starts[fact->offer],
	               *constraints = &plan->constraints.starts[fact->offer];
	for (uint32_t i = suppressions[0]; i < suppressions[1]; i++) {
		const SnapSuppression *rule = plan->snapshot->suppressions[plan->suppressions.items[i]];
		if (rule->scope == SNAP_SCOPE(DAYS))
			narrow_to_days(fact->time_us, rule->days, as_of_us, time);
	}
	for (uint32_t i = constraints[0]; i < constraints[1]; i++) {
		const SnapConstraint *rule = plan->snapshot->constraints[plan->constraints.items[i]];
		if (rule->scope == SNAP_CONSTRAINT(VISITOR))
			narrow_to_period(rule->period, as_of_us, time);
	}
}

void facts_narrow(const Plan *plan, const CountingFacts *facts, int64_t as_of_us, Window *time)
{
	for (uint32_t i = 0; i < facts->count; i++) {
		const Fact *fact = &facts->items[i];
		narrow(fact->time_us, as_of_us, time);
		if (is_event(fact))
			narrow(fact->until_us, as_of_us, time);
		else
			narrow_to_limits(plan, fact, as_of_us, time);
	}
}
