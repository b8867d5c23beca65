// What happened between visitor and offers, and what follows from it. Each question goes through all facts.
#include "reference.h"

// Facts of a kind and offer from a moment on, up to as-of, counts added.
typedef struct Question {
	FactKind kind;
	uint32_t offer;
	__int128 from_us; // inclusive
	int64_t as_of_us;
	const Fact *facts;
	size_t count;
} Question;

static uint64_t count_facts(const Reference *ref, const Question *question)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < question->count; i++) {
		const Fact *fact = &question->facts[i];
		if (fact->kind != question->kind || fact->offer != question->offer)
			continue;
		if (fact->time_us > question->as_of_us) {
			cover_row(ref->cover, COVER_FACT_LATER);
			continue;
		}
		if (fact->time_us == question->as_of_us)
			cover_row(ref->cover, COVER_FACT_NOW);
		if (fact->time_us >= question->from_us)
			sum += fact->count;
	}
	return sum;
}

// --- suppression rules ---

static FactKind kind_of(const SnapSuppression *rule)
{
	return rule->trigger == SNAP_TRIGGER(ACCEPT)   ? FACT_ACCEPT
	       : rule->trigger == SNAP_TRIGGER(REJECT) ? FACT_REJECT
	                                               : FACT_CONTACT;
}

static bool is_triggered(const Reference *ref, const VisitorState *state, const SnapSuppression *rule,
        uint32_t offer, int64_t as_of_us)
{
	Question question = {kind_of(rule), offer, INT64_MIN, as_of_us, state->facts, state->fact_count};
	if (rule->scope == SNAP_SCOPE(SESSION)) {
		question.facts = state->session_facts;
		question.count = state->session_fact_count;
	}
	if (rule->scope == SNAP_SCOPE(DAYS)) {
		__int128 edge = (__int128)as_of_us - (__int128)rule->days * 24 * 3600 * 1000000;
		question.from_us = edge + 1;
		for (size_t i = 0; i < question.count; i++)
			if (question.facts[i].time_us == edge && question.facts[i].offer == offer)
				cover_row(ref->cover, COVER_SUPPRESS_DAYS_EDGE);
	}
	return count_facts(ref, &question) >= rule->times;
}

static bool has_offer(const uint32_t *offers, size_t count, uint32_t offer)
{
	for (size_t i = 0; i < count; i++)
		if (offers[i] == offer)
			return true;
	return false;
}

static bool is_related(const Reference *ref, const SnapSuppression *rule, uint32_t x, uint32_t y)
{
	Str name = str(rule->related_attribute);
	const SnapConstant *a = ref_offer_constant(ref->snapshot->offers[x], name);
	const SnapConstant *b = ref_offer_constant(ref->snapshot->offers[y], name);
	if (!a || !b)
		return false;
	bool equal = ref_condition(
	        ref, ref->snapshot->offers[x], name, SNAP_COMPARE(EQUAL), ref_constant(b, ref->arena));
	if (equal && a->type != b->type)
		cover_row(ref->cover, COVER_RELATED_OTHER_TYPE);
	return equal && a->type == b->type;
}

static bool strikes_related(const Reference *ref, const VisitorState *state, const SnapSuppression *rule,
        uint32_t offer, int64_t as_of_us)
{
	if (!*rule->related_attribute)
		return false;
	for (size_t i = 0; i < rule->n_offers; i++) {
		uint32_t other = rule->offers[i];
		if (other == offer || !is_triggered(ref, state, rule, other, as_of_us) ||
		        !is_related(ref, rule, offer, other))
			continue;
		if (!has_offer(rule->offers, rule->n_offers, offer))
			cover_row(ref->cover, COVER_RELATED_OUTSIDE);
		return true;
	}
	return false;
}

static void cover_suppression(const Reference *ref, const SnapSuppression *rule)
{
	cover_row(ref->cover, rule->scope == SNAP_SCOPE(SESSION) ? COVER_SUPPRESS_SESSION
	                      : rule->scope == SNAP_SCOPE(DAYS)  ? COVER_SUPPRESS_DAYS
	                                                         : COVER_SUPPRESS_FOR_EVER);
	if (rule->times > 1)
		cover_row(ref->cover, COVER_SUPPRESS_TIMES_SUM);
}

// Kind by kind in the order of the reasons, rule by rule in the order of names.
static Strike suppressed_by_rule(
        const Reference *ref, const VisitorState *state, uint32_t offer, int64_t as_of_us)
{
	static const struct {
		Parley__Snapshot__V1__SuppressionTrigger trigger;
		Reason reason;
	} steps[] = {
	        {SNAP_TRIGGER(ACCEPT), REASON_SUPPRESSED_ACCEPTED},
	        {SNAP_TRIGGER(REJECT), REASON_SUPPRESSED_REJECTED},
	        {SNAP_TRIGGER(PRESENTATIONS), REASON_SUPPRESSED_PRESENTED},
	        {SNAP_TRIGGER(UNSPECIFIED), REASON_SUPPRESSED_RELATED},
	};
	Strike strike = {REASON_OFFERED, {0}};
	for (size_t s = 0; s < ARRAY_COUNT(steps); s++) {
		for (size_t i = 0; i < ref->snapshot->n_suppressions; i++) {
			const SnapSuppression *rule = ref->snapshot->suppressions[i];
			bool strikes = steps[s].reason == REASON_SUPPRESSED_RELATED
			                       ? strikes_related(ref, state, rule, offer, as_of_us)
			                       : rule->trigger == steps[s].trigger &&
			                                 has_offer(rule->offers, rule->n_offers, offer) &&
			                                 is_triggered(ref, state, rule, offer, as_of_us);
			if (strikes && strike.reason != REASON_OFFERED)
				cover_row(ref->cover, COVER_SUPPRESS_SECOND_RULE);
			if (!strikes || strike.reason != REASON_OFFERED)
				continue;
			cover_suppression(ref, rule);
			strike = (Strike){steps[s].reason, str(rule->name)};
		}
	}
	return strike;
}

// --- events ---

// The latest of a list; of equal times the later in the list.
static const Fact *latest(
        const Reference *ref, const Fact *facts, size_t count, uint32_t offer, int64_t as_of_us)
{
	const Fact *found = NULL;
	for (size_t i = 0; i < count; i++) {
		const Fact *fact = &facts[i];
		if ((fact->kind != FACT_SUPPRESS && fact->kind != FACT_QUALIFY) || fact->offer != offer ||
		        fact->time_us > as_of_us)
			continue;
		if (found && found->time_us > fact->time_us)
			continue;
		if (found)
			cover_row(ref->cover, found->time_us == fact->time_us ? COVER_EVENT_TIE_ORDER
			                                                      : COVER_EVENT_OVERRULED);
		found = fact;
	}
	return found;
}

const Fact *ref_event(const Reference *ref, const VisitorState *state, uint32_t offer, int64_t as_of_us)
{
	const Fact *mine = latest(ref, state->facts, state->fact_count, offer, as_of_us);
	const Fact *session = latest(ref, state->session_facts, state->session_fact_count, offer, as_of_us);
	const Fact *counts = session;
	if (!session || (mine && mine->time_us > session->time_us))
		counts = mine;
	if (mine && session && mine->time_us == session->time_us)
		cover_row(ref->cover, COVER_EVENT_TIE_SESSION);
	if (counts && as_of_us >= counts->until_us) {
		cover_row(
		        ref->cover, as_of_us == counts->until_us ? COVER_EVENT_ENDS_NOW : COVER_EVENT_ENDED);
		return NULL;
	}
	return counts;
}

Strike ref_suppressed(const Reference *ref, const VisitorState *state, uint32_t offer, int64_t as_of_us)
{
	Strike strike = suppressed_by_rule(ref, state, offer, as_of_us);
	if (strike.reason != REASON_OFFERED)
		return strike;
	const Fact *event = ref_event(ref, state, offer, as_of_us);
	if (event && event->kind == FACT_SUPPRESS)
		strike.reason = REASON_SUPPRESSED_BY_EVENT;
	return strike;
}

// --- constraints ---

static uint64_t counted(const Reference *ref, const VisitorState *state, size_t index, int64_t as_of_us)
{
	const SnapConstraint *constraint = ref->snapshot->constraints[index];
	if (constraint->scope == SNAP_CONSTRAINT(OVERALL))
		return state->volumes ? state->volumes[index] : 0;
	Question question = {
	        .kind = constraint->counted == SNAP_COUNTED(CONTACTS) ? FACT_CONTACT : FACT_ACCEPT,
	        .from_us = INT64_MIN,
	        .as_of_us = as_of_us,
	        .facts = state->session_facts,
	        .count = state->session_fact_count,
	};
	if (constraint->scope == SNAP_CONSTRAINT(VISITOR)) {
		question.from_us = ref_period_start(constraint->period, as_of_us);
		question.facts = state->facts;
		question.count = state->fact_count;
	}
	uint64_t sum = 0;
	for (size_t i = 0; i < constraint->n_offers; i++) {
		question.offer = constraint->offers[i];
		sum += count_facts(ref, &question);
		for (size_t f = 0; f < question.count; f++) {
			if (question.facts[f].offer == question.offer &&
			        question.facts[f].time_us == question.from_us)
				cover_row(ref->cover, COVER_LIMIT_PERIOD_EDGE);
			if (question.facts[f].offer == question.offer &&
			        question.facts[f].time_us < question.from_us)
				cover_row(ref->cover, COVER_LIMIT_BEFORE_PERIOD);
		}
	}
	return sum;
}

static void cover_limit(const Reference *ref, const SnapConstraint *constraint)
{
	static const CoverRow periods[] = {
	        [SNAP_PERIOD(EVER)] = COVER_LIMIT_EVER,
	        [SNAP_PERIOD(HOUR)] = COVER_LIMIT_HOUR,
	        [SNAP_PERIOD(DAY)] = COVER_LIMIT_DAY,
	        [SNAP_PERIOD(WEEK)] = COVER_LIMIT_WEEK,
	        [SNAP_PERIOD(MONTH)] = COVER_LIMIT_MONTH,
	};
	if (constraint->scope == SNAP_CONSTRAINT(VISITOR))
		cover_row(ref->cover, periods[constraint->period]);
	cover_row(ref->cover,
	        constraint->counted == SNAP_COUNTED(CONTACTS) ? COVER_LIMIT_CONTACTS : COVER_LIMIT_ACCEPTS);
}

Strike ref_limited(const Reference *ref, const VisitorState *state, uint32_t offer, int64_t as_of_us)
{
	static const struct {
		Parley__Snapshot__V1__ConstraintScope scope;
		Reason reason;
	} steps[] = {
	        {SNAP_CONSTRAINT(SESSION), REASON_SESSION_LIMIT},
	        {SNAP_CONSTRAINT(VISITOR), REASON_VISITOR_LIMIT},
	        {SNAP_CONSTRAINT(OVERALL), REASON_VOLUME_LIMIT},
	};
	for (size_t s = 0; s < ARRAY_COUNT(steps); s++) {
		for (size_t i = 0; i < ref->snapshot->n_constraints; i++) {
			const SnapConstraint *constraint = ref->snapshot->constraints[i];
			if (constraint->scope != steps[s].scope ||
			        !has_offer(constraint->offers, constraint->n_offers, offer))
				continue;
			uint64_t count = counted(ref, state, i, as_of_us);
			if (count + 1 == constraint->limit)
				cover_row(ref->cover, COVER_LIMIT_ONE_MISSING);
			if (count < constraint->limit)
				continue;
			cover_limit(ref, constraint);
			return (Strike){steps[s].reason, str(constraint->name)};
		}
	}
	return (Strike){REASON_OFFERED, {0}};
}
