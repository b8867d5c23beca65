// A visitor has tens of facts and the channel may have thousands of limits, so the facts are walked, once a
// call, and each is added up for the limits of its offer. What is struck follows by a few look-ups.
#include "decide/call.h"

static const int64_t day_us = INT64_C(86400) * 1000000;

// Keys of the tally: of what the number is.
static uint64_t event_key(uint32_t offer) // index in `events`, plus 1
{
	return (uint64_t)offer + 1;
}

static uint64_t suppression_key(uint32_t suppression, uint32_t offer) // facts that count
{
	return UINT64_C(1) << 62 | (uint64_t)suppression << 32 | offer;
}

static uint64_t constraint_key(uint32_t constraint) // facts that count
{
	return UINT64_C(2) << 62 | constraint;
}

static uint64_t class_key(uint32_t class) // the first suppression that strikes it, plus 1
{
	return UINT64_C(3) << 62 | class;
}

// --- adding up ---

static bool triggers(const SnapSuppression *rule, FactKind kind)
{
	switch (rule->trigger) {
	case SNAP_TRIGGER(ACCEPT):
		return kind == FACT_ACCEPT;
	case SNAP_TRIGGER(REJECT):
		return kind == FACT_REJECT;
	default:
		return kind == FACT_CONTACT;
	}
}

// Whether the last `days` before `as_of_us` have the time.
static bool within_days(int64_t time_us, int64_t as_of_us, uint32_t days)
{
	int64_t span, start;
	if (__builtin_mul_overflow((int64_t)days, day_us, &span) ||
	        __builtin_sub_overflow(as_of_us, span, &start))
		return true;
	return start < time_us;
}

static bool suppression_counts(
        const Call *call, const SnapSuppression *rule, const Fact *fact, bool of_session)
{
	if (!triggers(rule, fact->kind) || of_session != (rule->scope == SNAP_SCOPE(SESSION)))
		return false;
	return rule->scope != SNAP_SCOPE(DAYS) ||
	       within_days(fact->time_us, call->request->as_of_us, rule->days);
}

static bool strike_class(Call *call, uint32_t suppression, uint32_t offer)
{
	const Plan *plan = call->plan;
	for (uint32_t i = plan->classes.starts[offer]; i < plan->classes.starts[offer + 1]; i++) {
		uint32_t class = plan->classes.items[i];
		if (plan->class_attributes[class] != plan->related[suppression])
			continue;
		uint64_t *first = tally_at(&call->facts.tally, class_key(class));
		if (!first)
			return false;
		if (!*first || suppression + 1 < *first)
			*first = suppression + 1;
	}
	return true;
}

static bool add_to_suppressions(Call *call, const Fact *fact, bool of_session)
{
	const Lists *lists = &call->plan->suppressions;
	for (uint32_t i = lists->starts[fact->offer]; i < lists->starts[fact->offer + 1]; i++) {
		uint32_t suppression = lists->items[i];
		const SnapSuppression *rule = call->plan->snapshot->suppressions[suppression];
		if (!suppression_counts(call, rule, fact, of_session))
			continue;
		uint64_t *counted = tally_at(&call->facts.tally, suppression_key(suppression, fact->offer));
		if (!counted)
			return false;
		bool before = *counted >= rule->times;
		*counted += fact->count;
		if (!before && *counted >= rule->times && call->plan->related[suppression] &&
		        !strike_class(call, suppression, fact->offer))
			return false;
	}
	return true;
}

static bool constraint_counts(
        const Call *call, const SnapConstraint *constraint, const Fact *fact, bool of_session)
{
	if (fact->kind != (constraint->counted == SNAP_COUNTED(ACCEPTS) ? FACT_ACCEPT : FACT_CONTACT))
		return false;
	if (of_session)
		return constraint->scope == SNAP_CONSTRAINT(SESSION);
	return constraint->scope == SNAP_CONSTRAINT(VISITOR) &&
	       call->facts.period_starts[constraint->period] <= fact->time_us;
}

static bool add_to_constraints(Call *call, const Fact *fact, bool of_session)
{
	const Lists *lists = &call->plan->constraints;
	for (uint32_t i = lists->starts[fact->offer]; i < lists->starts[fact->offer + 1]; i++) {
		const SnapConstraint *constraint = call->plan->snapshot->constraints[lists->items[i]];
		if (!constraint_counts(call, constraint, fact, of_session))
			continue;
		uint64_t *counted = tally_at(&call->facts.tally, constraint_key(lists->items[i]));
		if (!counted)
			return false;
		*counted += fact->count;
	}
	return true;
}

// Facts come by age, the visitor's before the session's: of equal times the last one met counts.
static bool add_event(Call *call, const Fact *fact)
{
	Facts *facts = &call->facts;
	uint64_t *index = tally_at(&facts->tally, event_key(fact->offer));
	if (!index)
		return false;
	if (!*index)
		*index = ++facts->event_count;
	const Fact **latest = &facts->events[*index - 1];
	if (!*latest || fact->time_us >= (*latest)->time_us)
		*latest = fact;
	return true;
}

static bool is_event(const Fact *fact)
{
	return fact->kind == FACT_SUPPRESS || fact->kind == FACT_QUALIFY;
}

static bool add_facts(Call *call, const Fact *facts, size_t count, bool of_session)
{
	for (size_t i = 0; i < count; i++) {
		const Fact *fact = &facts[i];
		if (fact->time_us > call->request->as_of_us)
			continue;
		if (is_event(fact) ? !add_event(call, fact)
		                   : !add_to_suppressions(call, fact, of_session) ||
		                             !add_to_constraints(call, fact, of_session))
			return false;
	}
	return true;
}

static size_t count_events(const Fact *facts, size_t count)
{
	size_t events = 0;
	for (size_t i = 0; i < count; i++)
		events += is_event(&facts[i]);
	return events;
}

Err facts_init(Call *call)
{
	const VisitorState *state = &call->visitor->state;
	Facts *facts = &call->facts;
	facts->tally.arena = call->arena;
	if (state->fact_count > DECIDE_FACTS_MAX || state->session_fact_count > DECIDE_FACTS_MAX)
		return err(
		        ERR_LIMIT, "at most %d facts of a visitor and of a session count", DECIDE_FACTS_MAX);
	for (int i = SNAP_PERIOD(EVER); call->plan->counts_periods && i <= SNAP_PERIOD(MONTH); i++)
		facts->period_starts[i] =
		        decide_period_start((Parley__Snapshot__V1__Period)i, call->request->as_of_us);
	size_t events = count_events(state->facts, state->fact_count) +
	                count_events(state->session_facts, state->session_fact_count);
	if (events)
		facts->events = ARENA_ARRAY(call->arena, const Fact *, events);
	if ((events && !facts->events) || !add_facts(call, state->facts, state->fact_count, false) ||
	        !add_facts(call, state->session_facts, state->session_fact_count, true))
		return err(ERR_NO_MEMORY, "no memory for the visitor's facts");
	return OK;
}

bool fact_holds(const Call *call, const Fact *fact)
{
	return call->request->as_of_us < fact->until_us;
}

// --- what is struck ---

static Reason reason_of(Parley__Snapshot__V1__SuppressionTrigger trigger)
{
	return trigger == SNAP_TRIGGER(ACCEPT)   ? REASON_SUPPRESSED_ACCEPTED
	       : trigger == SNAP_TRIGGER(REJECT) ? REASON_SUPPRESSED_REJECTED
	                                         : REASON_SUPPRESSED_PRESENTED;
}

static Reason suppression_strikes(const Call *call, uint32_t offer, const char **name)
{
	const Plan *plan = call->plan;
	SnapSuppression *const *rules = plan->snapshot->suppressions;
	for (uint32_t i = plan->suppressions.starts[offer]; i < plan->suppressions.starts[offer + 1]; i++) {
		uint32_t suppression = plan->suppressions.items[i];
		*name = rules[suppression]->name;
		if (tally_get(&call->facts.tally, suppression_key(suppression, offer)) >=
		        rules[suppression]->times)
			return reason_of(rules[suppression]->trigger);
	}
	uint64_t first = 0;
	for (uint32_t i = plan->classes.starts[offer]; i < plan->classes.starts[offer + 1]; i++) {
		uint64_t by = tally_get(&call->facts.tally, class_key(plan->classes.items[i]));
		first = by && (!first || by < first) ? by : first;
	}
	*name = first ? rules[first - 1]->name : "";
	return first ? REASON_SUPPRESSED_RELATED : REASON_OFFERED;
}

static bool event_strikes(const Call *call, uint32_t offer)
{
	uint64_t index = tally_get(&call->facts.tally, event_key(offer));
	const Fact *fact = index ? call->facts.events[index - 1] : NULL;
	return fact && fact->kind == FACT_SUPPRESS && fact_holds(call, fact);
}

static Reason limit_strikes(const Call *call, uint32_t offer, const char **name)
{
	static const Reason reasons[] = {[SNAP_CONSTRAINT(SESSION)] = REASON_SESSION_LIMIT,
	        [SNAP_CONSTRAINT(VISITOR)] = REASON_VISITOR_LIMIT,
	        [SNAP_CONSTRAINT(OVERALL)] = REASON_VOLUME_LIMIT};
	const Lists *lists = &call->plan->constraints;
	const uint64_t *volumes = call->visitor->state.volumes;
	for (uint32_t i = lists->starts[offer]; i < lists->starts[offer + 1]; i++) {
		uint32_t index = lists->items[i];
		const SnapConstraint *constraint = call->plan->snapshot->constraints[index];
		bool overall = constraint->scope == SNAP_CONSTRAINT(OVERALL);
		uint64_t counted = !overall  ? tally_get(&call->facts.tally, constraint_key(index))
		                   : volumes ? volumes[index]
		                             : 0;
		*name = constraint->name;
		if (counted >= constraint->limit)
			return reasons[constraint->scope];
	}
	return REASON_OFFERED;
}

bool facts_can_strike(const Call *call)
{
	return call->facts.tally.count || call->visitor->state.volumes;
}

Reason facts_strike(const Call *call, uint32_t offer, Str *detail)
{
	const char *name = "";
	if (!facts_can_strike(call))
		return REASON_OFFERED;
	Reason reason = call->facts.tally.count ? suppression_strikes(call, offer, &name) : REASON_OFFERED;
	if (reason == REASON_OFFERED && event_strikes(call, offer)) {
		reason = REASON_SUPPRESSED_BY_EVENT;
		name = "";
	}
	if (reason == REASON_OFFERED)
		reason = limit_strikes(call, offer, &name);
	if (detail && reason != REASON_OFFERED)
		*detail = str(name);
	return reason;
}
