// An offer that was first before is followed to the other side: it is no candidate there, or something
// strikes it, or it is beaten. If it still stands, the offer that beats it is followed back: it was no
// candidate, or something struck it, and else scores tell. What is followed is an offer by its rule: the same
// offer by another rule is another reason.
#include "plan/why.h"

#include "decide/receipt.h"

typedef Parley__Journal__V1__RecommendedOffer Offer;
typedef Parley__Snapshot__V1__TreatmentRule Rule;

// --- deciding again ---

// A call may ask about a point twice.
static const PointDecision *point_of(const Plan *plan, const Decision *decision, const PlanQuestion *question)
{
	size_t before = question->nth;

	for (size_t i = 0; i < decision->count; i++) {
		const PointDecision *point = &decision->points[i];

		if (point->point >= 0 &&
		        strcmp(plan_snapshot(plan)->points[point->point]->name,
		                question->what->interaction_point) == 0 &&
		        before-- == 0)
			return point;
	}
	return NULL;
}

Err plan_decide_again(const WhySide *side, Arena *arena, Decision *ret_decision, const PointDecision **ret)
{
	Receipt receipt;
	uint64_t digest;

	*ret = NULL;
	if (!side->plan || side->question->receipt.len == 0)
		return OK;
	Err e = receipt_read(side->plan, side->question->receipt, arena, &receipt);
	if (e == ERR_LIMIT || e == ERR_RECEIPT_INVALID)
		return OK;
	TRY(e);
	receipt.request.explain = true;
	TRY(decide(side->plan, &receipt.visitor, &receipt.request, arena, ret_decision));
	TRY(decision_digest(ret_decision, arena, &digest));
	if (digest == receipt.digest)
		*ret = point_of(side->plan, ret_decision, side->question);
	return OK;
}

// --- what became of an offer ---

static bool stands(const DecidedCandidate *candidate)
{
	return candidate->reason == REASON_OFFERED || candidate->reason == REASON_OUTRANKED;
}

// The candidate that is the same offer by the same rule, or by what else made it one. NULL: there is none.
static const DecidedCandidate *follow(const Plan *plan, const PointDecision *point, const Offer *offer)
{
	for (size_t i = 0; offer && i < point->candidate_count; i++) {
		const DecidedCandidate *candidate = &point->candidates[i];
		const Rule *by = decide_rule(plan, candidate->id);

		if (strcmp(plan_snapshot(plan)->offers[candidate->id.offer]->code, offer->offer_code) == 0 &&
		        strcmp(origin_name(candidate->id.origin), offer->origin) == 0 &&
		        strcmp(by ? by->name : "", offer->treatment_rule) == 0)
			return candidate;
	}
	return NULL;
}

static const char *rule_of(const Plan *plan, const DecidedCandidate *candidate)
{
	const Rule *rule = decide_rule(plan, candidate->id);

	return rule ? rule->name : origin_name(candidate->id.origin);
}

static const char *source_of(const Offer *offer)
{
	return *offer->treatment_rule ? offer->treatment_rule : offer->origin;
}

// --- words ---

// What a reason is a matter of, and whether its detail names it; else the rule does.
typedef struct Cause {
	const char *word;
	bool detail;
} Cause;

static Cause cause_of(Reason reason)
{
	static const Cause causes[REASON_COUNT] = {
	        [REASON_SEGMENT_NOT_MATCHED] = {"segment", true},
	        [REASON_OFFER_NOT_PUBLISHED] = {"offer", false},
	        [REASON_OFFER_OUTSIDE_DATES] = {"offer", false},
	        [REASON_CAMPAIGN_INACTIVE] = {"campaign", true},
	        [REASON_RULE_DISABLED] = {"rule", false},
	        [REASON_RULE_OUTSIDE_DATES] = {"rule", false},
	        [REASON_CONTROL_GROUP] = {"control group", true},
	        [REASON_BLACKLISTED] = {"blacklist", false},
	        [REASON_ZONE_EXCLUDED] = {"zone", true},
	        [REASON_ZONE_INCLUSION_FAILED] = {"zone", false},
	        [REASON_REQUEST_FILTERED] = {"request", true},
	        [REASON_NOT_ELIGIBLE] = {"eligibility", false},
	        [REASON_ELIGIBILITY_FAILED] = {"eligibility", false},
	        [REASON_SUPPRESSED_ACCEPTED] = {"suppression", true},
	        [REASON_SUPPRESSED_REJECTED] = {"suppression", true},
	        [REASON_SUPPRESSED_PRESENTED] = {"suppression", true},
	        [REASON_SUPPRESSED_RELATED] = {"suppression", true},
	        [REASON_SUPPRESSED_BY_EVENT] = {"suppression", true},
	        [REASON_SESSION_LIMIT] = {"limit", true},
	        [REASON_VISITOR_LIMIT] = {"limit", true},
	        [REASON_VOLUME_LIMIT] = {"limit", true},
	        [REASON_SCORE_FAILED] = {"score", false},
	        [REASON_DUPLICATE_OFFER] = {"duplicate", false},
	        [REASON_DUPLICATE_ACROSS_POINTS] = {"duplicate", false},
	        [REASON_WORK_LIMIT] = {"work limit", false},
	};

	return causes[reason].word ? causes[reason] : (Cause){"score", false};
}

// "the rule's eligibility expression is false: age > 30".
static const char *reason_words(const DecidedCandidate *candidate, Arena *arena)
{
	Str detail = candidate->detail, predicate = candidate->predicate;

	return arena_printf(arena, "%s%s" STR_FMT "%s" STR_FMT, reason_text(candidate->reason),
	        detail.len ? ": " : "", STR_ARG(detail), predicate.len ? ": " : "", STR_ARG(predicate));
}

static PlanWhy why_struck(
        const Plan *plan, const DecidedCandidate *candidate, const char *code, bool now, Arena *arena)
{
	Cause cause = cause_of(candidate->reason);
	const char *rule = rule_of(plan, candidate), *reason = reason_words(candidate, arena);

	return (PlanWhy){.cause = cause.word,
	        .what = cause.detail && candidate->detail.len > 0 ? arena_cstr(arena, candidate->detail)
	                                                          : rule,
	        .text = now ? arena_printf(arena, "%s by %s falls out: %s", code, rule, reason)
	                    : arena_printf(arena, "nothing strikes %s by %s any more; before, %s", code, rule,
	                              reason),
	        .known = true};
}

// What makes an offer a candidate, by its origin.
static const char *origin_word(const char *origin)
{
	static const char *const words[][2] = {
	        {"QUALIFIED", "event"}, {"INDIVIDUAL", "individual offer"}, {"DEFAULT", "default offer"}};

	for (size_t i = 0; i < ARRAY_COUNT(words); i++)
		if (strcmp(words[i][0], origin) == 0)
			return words[i][1];
	return "rule";
}

// What is a candidate at one side only.
static PlanWhy why_absent(const Offer *offer, bool now, Arena *arena)
{
	const char *source = source_of(offer);

	return (PlanWhy){.cause = origin_word(offer->origin),
	        .what = source,
	        .text = now ? arena_printf(arena, "nothing makes %s a candidate any more; before, %s did",
	                              offer->offer_code, source)
	                    : arena_printf(arena, "%s makes %s a candidate, which it was not before", source,
	                              offer->offer_code),
	        .known = true};
}

// --- scores ---

typedef struct Standing {
	const char *code, *rule;
	bool first; // its rule has top priority
	double score;
} Standing;

static bool same_number(double a, double b)
{
	return !(a < b) && !(a > b);
}

static Standing standing_of(const Plan *plan, const DecidedCandidate *candidate)
{
	const Rule *rule = decide_rule(plan, candidate->id);

	return (Standing){.code = plan_snapshot(plan)->offers[candidate->id.offer]->code,
	        .rule = rule_of(plan, candidate),
	        .first = rule && rule->top_priority,
	        .score = candidate->score.final};
}

// "GOLD by rich has 70, before 40".
static const char *score_words(const Standing *before, const Standing *after, Arena *arena)
{
	return same_number(before->score, after->score)
	               ? arena_printf(
	                         arena, "%s by %s has %.6g as before", after->code, after->rule, after->score)
	               : arena_printf(arena, "%s by %s has %.6g, before %.6g", after->code, after->rule,
	                         after->score, before->score);
}

// Both stand on both sides: `won` and `lost` as they were before and as they are now.
static PlanWhy why_beaten(const Standing won[2], const Standing lost[2], Arena *arena)
{
	bool first = won[0].first != won[1].first || lost[0].first != lost[1].first;
	bool drawn = same_number(won[1].score, lost[1].score) && won[1].first == lost[1].first;

	return (PlanWhy){.cause = first ? "rule" : "score",
	        .what = first ? arena_printf(arena, "top priority of %s",
	                                won[0].first != won[1].first ? won[1].rule : lost[1].rule)
	                      : arena_printf(arena, "%s over %s", won[1].rule, lost[1].rule),
	        .text = first   ? arena_printf(arena, "%s by %s comes before %s by %s: top priority",
	                                  won[1].code, won[1].rule, lost[1].code, lost[1].rule)
	                : drawn ? arena_printf(arena, "%s; %s; the tie-break decides",
	                                  score_words(&won[0], &won[1], arena),
	                                  score_words(&lost[0], &lost[1], arena))
	                        : arena_printf(arena, "%s; %s", score_words(&won[0], &won[1], arena),
	                                  score_words(&lost[0], &lost[1], arena)),
	        .known = true};
}

// --- from the records alone ---

static PlanWhy why_recorded(const Offer *before, const Offer *after, Arena *arena)
{
	PlanWhy why = {.cause = "rule", .what = source_of(after ? after : before)};

	if (!before)
		why.text = "there is an offer, and was none before";
	else if (!after)
		why.text = "there is no offer, and was one before";
	else if (strcmp(before->segment, after->segment) != 0) {
		why.cause = "segment";
		why.what = *after->segment ? after->segment : "(everyone)";
		why.text = arena_printf(arena, "by the segment %s, before %s", why.what,
		        *before->segment ? before->segment : "(everyone)");
	} else if (strcmp(before->treatment_rule, after->treatment_rule) != 0)
		why.text = arena_printf(arena, "by %s, before %s", why.what, source_of(before));
	else {
		why.cause = same_number(before->score, after->score) ? "rule" : "score";
		why.text = arena_printf(arena, "another offer of %s, %.6g, before %.6g", why.what,
		        after->score, before->score);
	}
	return why;
}

// --- all of it ---

static PlanWhy judge(const WhySide sides[2], const PointDecision *const points[2],
        const Offer *const firsts[2], Arena *arena)
{
	const Offer *was = firsts[0], *is = firsts[1];
	const DecidedCandidate *lost = follow(sides[1].plan, points[1], was);
	const DecidedCandidate *won = follow(sides[0].plan, points[0], is);
	// A default offer that nobody needed is no candidate: what came before it tells.
	bool unneeded = was && is && !lost && strcmp(was->origin, "DEFAULT") == 0;

	if (was && !lost && !unneeded)
		return why_absent(was, true, arena);
	if (lost && !stands(lost))
		return why_struck(sides[1].plan, lost, was->offer_code, true, arena);
	if (is && !won)
		return why_absent(is, false, arena);
	if (won && !stands(won))
		return why_struck(sides[0].plan, won, is->offer_code, false, arena);
	const DecidedCandidate *had = follow(sides[0].plan, points[0], was);
	const DecidedCandidate *has = follow(sides[1].plan, points[1], is);
	if (!won || !lost || !had || !has)
		return why_recorded(was, is, arena);
	return why_beaten((Standing[2]){standing_of(sides[0].plan, won), standing_of(sides[1].plan, has)},
	        (Standing[2]){standing_of(sides[0].plan, had), standing_of(sides[1].plan, lost)}, arena);
}

Err plan_why(const WhySide *before, const WhySide *after, Arena *arena, PlanWhy *ret)
{
	const WhySide sides[2] = {*before, *after};
	const PointDecision *points[2];
	const Offer *const firsts[2] = {plan_first(before->question), plan_first(after->question)};
	Decision decisions[2];

	for (size_t i = 0; i < 2; i++)
		TRY(plan_decide_again(&sides[i], arena, &decisions[i], &points[i]));
	*ret = points[0] && points[1] ? judge(sides, points, firsts, arena)
	                              : why_recorded(firsts[0], firsts[1], arena);
	return OK;
}
