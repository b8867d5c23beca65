// Rules that say what another one says, and rules that another one for the same offer always beats: of the
// candidates of one offer only the best stays. Rules are sorted by what they are about, and each is compared
// with the strongest few that are about the same: work grows with their number, not with its square.
#include "validate/internal.h"

#include <stdlib.h>

enum { STRONGEST = 16 };

typedef struct Entry {
	const SnapRule *rule;
	Object object;
} Entry;

typedef struct Shadows {
	Analysis *a;
	Entry *entries; // by place, then the strongest first
	size_t count;
	bool *rescored; // by offer: some visitors have a score of their own
	bool by_offer;  // every zone shows an offer once
} Shadows;

// --- order ---

static int order_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int by_place(const SnapRule *a, const SnapRule *b)
{
	int order = order_u32(a->audience_level, b->audience_level);
	order = order ? order : order_u32(a->offer_list, b->offer_list);
	order = order || a->offer_list ? order : order_u32(a->offer, b->offer);
	order = order ? order : order_u32(a->zone, b->zone);
	return order ? order : order_u32(a->segment, b->segment);
}

static int by_strength(const SnapRule *a, const SnapRule *b)
{
	if (!a->enabled != !b->enabled)
		return a->enabled ? -1 : 1;
	if (!a->score_expression != !b->score_expression)
		return a->score_expression ? 1 : -1;
	if (a->score_expression)
		return strcmp(a->score_expression->source, b->score_expression->source);
	if (!a->top_priority != !b->top_priority)
		return a->top_priority ? -1 : 1;
	return (a->score < b->score) - (a->score > b->score);
}

static int compare(const void *left, const void *right)
{
	const Entry *a = left, *b = right;
	int order = by_place(a->rule, b->rule);
	order = order ? order : by_strength(a->rule, b->rule);
	order = order ? order : strcmp(a->rule->name, b->rule->name);
	return order ? order : strcmp(a->object.kind, b->object.kind);
}

// The first entry at the rule's place.
static size_t find_place(const Shadows *s, const SnapRule *wanted)
{
	size_t low = 0, high = s->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (by_place(s->entries[middle].rule, wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// --- duplicates ---

static const char *source_of(const SnapExpression *expression)
{
	return expression ? expression->source : "";
}

static bool same_words(const SnapRule *a, const SnapRule *b)
{
	return by_strength(a, b) == 0 && strcmp(source_of(a->eligibility), source_of(b->eligibility)) == 0 &&
	       a->effective_us == b->effective_us && a->expires_us == b->expires_us &&
	       a->campaign == b->campaign && a->cell == b->cell && !a->top_priority == !b->top_priority;
}

static bool find_duplicate(const Shadows *s, size_t at)
{
	const Entry *own = &s->entries[at];
	for (size_t i = at; i > 0 && i + STRONGEST > at; i--) {
		const Entry *other = &s->entries[i - 1];
		if (by_place(other->rule, own->rule) || by_strength(other->rule, own->rule))
			return false;
		if (!same_words(other->rule, own->rule))
			continue;
		finding(s->a, FINDING_RULE_DUPLICATE, own->object, "delete one of the two",
		        "it says the same as %s '%s'",
		        strcmp(other->object.kind, "GlobalOffer") == 0 ? "the global offer" : "the rule",
		        other->rule->name);
		return true;
	}
	return false;
}

// --- shadows ---

static bool cover(int64_t from, int64_t until, const SnapRule *rule)
{
	return (!from || (rule->effective_us && from <= rule->effective_us)) &&
	       (!until || (rule->expires_us && until >= rule->expires_us));
}

// Whether the other's campaign and cell let it fire wherever they let this one.
static bool same_campaign(const Shadows *s, const SnapRule *rule, const SnapRule *other)
{
	if (!other->campaign || (other->campaign == rule->campaign && other->cell == rule->cell))
		return true;
	const SnapCampaign *of = s->a->snapshot->campaigns[other->campaign - 1];
	bool runs = other->campaign == rule->campaign ||
	            (of->active && cover(of->effective_us, of->expires_us, rule));
	return runs && (!other->cell || !of->cells[other->cell - 1]->control_ppm);
}

static bool shows_once(const Shadows *s, const SnapRule *rule)
{
	return rule->zone ? s->a->snapshot->zones[rule->zone - 1]->deduplication == SNAP_DEDUP(OFFER)
	                  : s->by_offer;
}

static bool may_be_rescored(const Shadows *s, const SnapRule *rule)
{
	const uint32_t *offers;
	size_t count = rule_offers(s->a, rule, &offers);
	for (size_t i = 0; i < count; i++) {
		if (s->rescored[offers[i]])
			return true;
	}
	return false;
}

static bool is_stronger(const SnapRule *other, const SnapRule *rule)
{
	if (!other->enabled || other->score_expression)
		return false;
	return (other->top_priority && !rule->top_priority) ||
	       (!other->top_priority == !rule->top_priority && other->score > rule->score);
}

static Err compare_with(
        const Shadows *s, const Entry *own, const Condition *who, const Entry *other, bool *ret_beaten)
{
	const SnapRule *rule = own->rule, *strong = other->rule;
	const Condition *eligible;
	if (!cover(strong->effective_us, strong->expires_us, rule) || !same_campaign(s, rule, strong))
		return OK;
	TRY(logic_condition(s->a->logic[rule->audience_level], strong->eligibility, &eligible));
	if (!logic_implies(who, eligible))
		return OK;
	*ret_beaten = true;
	finding(s->a, FINDING_RULE_SHADOWED, own->object,
	        "give it a higher score than the other, narrow the other, or delete it",
	        "wherever it offers '%s', %s '%s' offers it too, %s",
	        rule->offer_list ? s->a->snapshot->offer_lists[rule->offer_list - 1]->name
	                         : s->a->offers[rule->offer].in->name,
	        strcmp(other->object.kind, "GlobalOffer") == 0 ? "the global offer" : "the rule",
	        strong->name,
	        strong->top_priority && !rule->top_priority ? "with top priority" : "with a higher score");
	return OK;
}

static Err look_at(
        const Shadows *s, const Entry *own, const Condition *who, const SnapRule *place, bool *ret_beaten)
{
	size_t first = find_place(s, place);
	for (size_t i = first; i < s->count && i < first + STRONGEST && !*ret_beaten; i++) {
		const Entry *other = &s->entries[i];
		if (by_place(other->rule, place) || !is_stronger(other->rule, own->rule))
			return OK;
		TRY(compare_with(s, own, who, other, ret_beaten));
	}
	return OK;
}

static Err find_shadow(const Shadows *s, const Entry *own)
{
	const SnapRule *rule = own->rule;
	Logic *logic = s->a->logic[rule->audience_level];
	const Condition *eligible, *who;
	bool beaten = false;
	if (!rule->enabled || rule->score_expression || !shows_once(s, rule) || may_be_rescored(s, rule))
		return OK;
	TRY(logic_condition(logic, rule->eligibility, &eligible));
	who = eligible;
	if (rule->segment)
		TRY(logic_then(logic, s->a->segments[rule->segment - 1], eligible, &who));
	if (who->never)
		return OK;
	// In its zone and in all zones, for its segment and for everybody.
	for (unsigned i = 0; i < 4 && !beaten; i++) {
		SnapRule place = *rule;
		if (((i & 1) && !rule->zone) || ((i & 2) && !rule->segment))
			continue;
		place.zone = i & 1 ? 0 : rule->zone;
		place.segment = i & 2 ? 0 : rule->segment;
		TRY(look_at(s, own, who, &place, &beaten));
	}
	return OK;
}

Err analyse_shadows(Analysis *a)
{
	Shadows s = {.a = a, .count = rule_count(a), .by_offer = true};
	s.entries = ARENA_ARRAY(a->arena, Entry, s.count + 1);
	s.rescored = ARENA_ARRAY(a->arena, bool, a->snapshot->n_offers + 1);
	if (!s.entries || !s.rescored)
		return validate_no_memory();
	for (size_t i = 0; i < s.count; i++)
		s.entries[i].rule = rule_at(a, i, &s.entries[i].object);
	for (size_t i = 0; i < a->snapshot->n_score_overrides; i++)
		s.rescored[a->snapshot->score_overrides[i]->offer] = true;
	for (size_t i = 0; i < a->snapshot->n_zones; i++)
		s.by_offer &= a->snapshot->zones[i]->deduplication == SNAP_DEDUP(OFFER);
	if (s.count)
		qsort(s.entries, s.count, sizeof *s.entries, compare);
	for (size_t i = 0; i < s.count; i++) {
		if (!find_duplicate(&s, i))
			TRY(find_shadow(&s, &s.entries[i]));
	}
	return OK;
}
