// Suppression rules and constraints: those on what is never shown, those that count what nothing reports,
// those that another one always comes before.
#include "validate/internal.h"

#include <stdlib.h>

enum { COMPARED_MAX = 64 };

typedef enum Reported { CONTACTS, ACCEPTS, REJECTS, REPORTED_COUNT } Reported;

static const struct {
	int action; // that reports it
	const char *text;
} reports[REPORTED_COUNT] = {
        [CONTACTS] = {SNAP_ACTION(LOG_CONTACT), "LOG_CONTACT"},
        [ACCEPTS] = {SNAP_ACTION(LOG_ACCEPT), "LOG_ACCEPT"},
        [REJECTS] = {SNAP_ACTION(LOG_REJECT), "LOG_REJECT"},
};

typedef struct Limits {
	Analysis *a;
	bool reported[REPORTED_COUNT];
} Limits;

static void find_reports(Limits *limits)
{
	const Snapshot *s = limits->a->snapshot;
	for (size_t i = 0; i < s->n_events; i++) {
		for (size_t j = 0; j < s->events[i]->n_actions; j++) {
			for (size_t k = 0; k < REPORTED_COUNT; k++)
				limits->reported[k] |=
				        (int)s->events[i]->actions[j]->kind == reports[k].action ||
				        (int)s->events[i]->actions[j]->counts_as == reports[k].action;
		}
	}
}

static bool shows_any(const Analysis *a, const uint32_t *offers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (a->offers[offers[i]].candidate || a->offers[offers[i]].by_default)
			return true;
	}
	return false;
}

// Whether it was told that it never matters.
static bool check_use(
        const Limits *limits, Object object, const uint32_t *offers, size_t count, Reported counted)
{
	Analysis *a = limits->a;
	if (!shows_any(a, offers, count)) {
		object.field = "offers";
		finding(a, FINDING_LIMIT_WITHOUT_OFFERS, object, "name offers that are shown, or delete it",
		        "nothing in the channel offers '%s'%s", a->offers[offers[0]].in->name,
		        count > 1 ? " or the others that it names" : "");
		return true;
	}
	if (limits->reported[counted])
		return false;
	object.field = strcmp(object.kind, "Constraint") == 0 ? "counted" : "trigger";
	finding(a, FINDING_LIMIT_NEVER_COUNTED, object,
	        "give an event of the channel that action, or delete it",
	        "it counts what no event of the channel reports: none has an action %s",
	        reports[counted].text);
	return true;
}

// --- one that another always comes before ---

static int by_offers(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count)
{
	if (a_count != b_count)
		return a_count < b_count ? -1 : 1;
	return a_count ? memcmp(a, b, a_count * sizeof *a) : 0;
}

static int compare_constraints(const void *left, const void *right)
{
	const SnapConstraint *a = *(const SnapConstraint *const *)left,
	                     *b = *(const SnapConstraint *const *)right;
	int order = by_offers(a->offers, a->n_offers, b->offers, b->n_offers);
	return order ? order : strcmp(a->name, b->name);
}

// Whether every span of `a` lies within one of `b`. Weeks and months do not.
static bool period_within(Parley__Snapshot__V1__Period a, Parley__Snapshot__V1__Period b)
{
	if (a == b || b == SNAP_PERIOD(EVER))
		return true;
	if (a == SNAP_PERIOD(EVER))
		return false;
	return a < b && !(a == SNAP_PERIOD(WEEK) && b == SNAP_PERIOD(MONTH));
}

static bool constraint_beats(const SnapConstraint *b, const SnapConstraint *a)
{
	if (a->scope != b->scope || a->counted != b->counted || b->limit > a->limit ||
	        !period_within(a->period, b->period))
		return false;
	// Of two that say the same the first by name is the one.
	return b->limit < a->limit || a->period != b->period || strcmp(b->name, a->name) < 0;
}

static void compare_constraint(Analysis *a, SnapConstraint **sorted, size_t first, size_t end, size_t at)
{
	const SnapConstraint *own = sorted[at];
	for (size_t i = first; i < end && i < first + COMPARED_MAX; i++) {
		if (i == at || !constraint_beats(sorted[i], own))
			continue;
		finding(a, FINDING_LIMIT_UNREACHABLE, (Object){"Constraint", own->name, "limit"},
		        "lower it, or delete one of the two",
		        "whenever %llu are reached, the constraint '%s' has struck at %llu already",
		        (unsigned long long)own->limit, sorted[i]->name,
		        (unsigned long long)sorted[i]->limit);
		return;
	}
}

static int compare_suppressions(const void *left, const void *right)
{
	const SnapSuppression *a = *(const SnapSuppression *const *)left,
	                      *b = *(const SnapSuppression *const *)right;
	int order = by_offers(a->offers, a->n_offers, b->offers, b->n_offers);
	return order ? order : strcmp(a->name, b->name);
}

static bool scope_within(const SnapSuppression *a, const SnapSuppression *b)
{
	if (b->scope == SNAP_SCOPE(FOR_EVER))
		return true;
	return a->scope == b->scope && (a->scope != SNAP_SCOPE(DAYS) || a->days <= b->days);
}

static bool suppression_beats(const SnapSuppression *b, const SnapSuppression *a)
{
	if (a->trigger != b->trigger || b->times > a->times || !scope_within(a, b) ||
	        strcmp(a->related_attribute, b->related_attribute) != 0)
		return false;
	bool same = a->times == b->times && scope_within(b, a);
	return !same || strcmp(b->name, a->name) < 0;
}

static void compare_suppression(Analysis *a, SnapSuppression **sorted, size_t first, size_t end, size_t at)
{
	const SnapSuppression *own = sorted[at];
	for (size_t i = first; i < end && i < first + COMPARED_MAX; i++) {
		if (i == at || !suppression_beats(sorted[i], own))
			continue;
		finding(a, FINDING_LIMIT_UNREACHABLE, (Object){"SuppressionRule", own->name, "scope"},
		        "narrow the other, or delete one of the two",
		        "whatever it suppresses, the suppression rule '%s' suppresses already",
		        sorted[i]->name);
		return;
	}
}

// Those about the same offers are compared; the items stand in the order of their offers.
#define COMPARE_GROUPS(a, sorted, count, each)                                                               \
	for (size_t first_ = 0, end_; first_ < (count); first_ = end_) {                                     \
		for (end_ = first_ + 1;                                                                      \
		        end_ < (count) && by_offers((sorted)[first_]->offers, (sorted)[first_]->n_offers,    \
		                                  (sorted)[end_]->offers, (sorted)[end_]->n_offers) == 0;)   \
			end_++;                                                                              \
		for (size_t at_ = first_; at_ < end_; at_++)                                                 \
			each((a), (sorted), first_, end_, at_);                                              \
	}

static Err analyse_constraints(Limits *limits)
{
	const Snapshot *s = limits->a->snapshot;
	SnapConstraint **used = ARENA_ARRAY(limits->a->arena, SnapConstraint *, s->n_constraints + 1);
	size_t count = 0;
	if (!used)
		return validate_no_memory();
	for (size_t i = 0; i < s->n_constraints; i++) {
		SnapConstraint *of = s->constraints[i];
		Reported counted = of->counted == SNAP_COUNTED(ACCEPTS) ? ACCEPTS : CONTACTS;
		if (!check_use(
		            limits, (Object){"Constraint", of->name, ""}, of->offers, of->n_offers, counted))
			used[count++] = of;
	}
	if (count)
		qsort(used, count, sizeof(SnapConstraint *), compare_constraints);
	COMPARE_GROUPS(limits->a, used, count, compare_constraint)
	return OK;
}

static Err analyse_suppressions(Limits *limits)
{
	const Snapshot *s = limits->a->snapshot;
	SnapSuppression **used = ARENA_ARRAY(limits->a->arena, SnapSuppression *, s->n_suppressions + 1);
	size_t count = 0;
	if (!used)
		return validate_no_memory();
	for (size_t i = 0; i < s->n_suppressions; i++) {
		SnapSuppression *of = s->suppressions[i];
		Reported counted = of->trigger == SNAP_TRIGGER(ACCEPT)   ? ACCEPTS
		                   : of->trigger == SNAP_TRIGGER(REJECT) ? REJECTS
		                                                         : CONTACTS;
		if (!check_use(limits, (Object){"SuppressionRule", of->name, ""}, of->offers, of->n_offers,
		            counted))
			used[count++] = of;
	}
	if (count)
		qsort(used, count, sizeof(SnapSuppression *), compare_suppressions);
	COMPARE_GROUPS(limits->a, used, count, compare_suppression)
	return OK;
}

Err analyse_limits(Analysis *a)
{
	Limits limits = {.a = a};
	find_reports(&limits);
	TRY(analyse_constraints(&limits));
	return analyse_suppressions(&limits);
}
