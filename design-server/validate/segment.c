// Segments that nobody can be in: because of what they say, or because an earlier one of their group always
// says it first.
#include "validate/internal.h"

#include <stdlib.h>

enum { EARLIER_MAX = 256 }; // of a group that a segment is compared with: work stays in proportion

// On whom the lists have nobody.
static void check_list(Analysis *a, size_t index)
{
	const SnapSegment *segment = a->snapshot->segments[index];
	const SnapList *list = segment->list ? a->snapshot->audience_lists[segment->list - 1] : NULL;
	if (!list || list->n_ids)
		return;
	bool except = segment->expression && segment->list_use == SNAP_LIST_USE(EXCEPT);
	bool any = segment->expression && segment->list_use == SNAP_LIST_USE(ANY);
	finding(a, FINDING_SEGMENT_LIST_EMPTY, (Object){"Segment", segment->name, "lists"},
	        "put visitors on the list, or do not name it", "nobody is on the lists that it names%s",
	        except             ? ", so nobody is excepted"
	        : any              ? ", so its expression alone decides"
	        : a->flowed[index] ? ", so only segmentation flows put anybody into it"
	                           : ", so nobody can be in it");
}

static Err check_expression(Analysis *a, size_t index)
{
	const SnapSegment *segment = a->snapshot->segments[index];
	const Condition *condition;
	Object object = {"Segment", segment->name, "expression"};
	bool others = a->flowed[index] || (segment->list && segment->list_use == SNAP_LIST_USE(ANY));
	if (!segment->expression)
		return OK;
	TRY(logic_condition(a->logic[segment->audience_level], segment->expression, &condition));
	if (condition->never)
		finding(a, FINDING_SEGMENT_NEVER, object, "correct the expression, or delete the segment",
		        "nobody can be in it%s: '%s' is never true%s", others ? " by its expression" : "",
		        condition->source, clash_text(a, condition));
	return analyse_condition(a, object, segment->audience_level, segment->expression);
}

// --- groups ---

typedef struct Member {
	const SnapSegment *segment;
	size_t index;
} Member;

static int by_group(const void *left, const void *right)
{
	const SnapSegment *a = ((const Member *)left)->segment, *b = ((const Member *)right)->segment;
	if (a->audience_level != b->audience_level)
		return a->audience_level < b->audience_level ? -1 : 1;
	int order = strcmp(a->group, b->group);
	if (!order && a->rank != b->rank)
		order = a->rank < b->rank ? -1 : 1;
	return order ? order : strcmp(a->name, b->name);
}

static bool same_group(const SnapSegment *a, const SnapSegment *b)
{
	return a->audience_level == b->audience_level && strcmp(a->group, b->group) == 0;
}

// Whether a visitor whose expression of the segment is true is surely in it, but for its group.
static bool is_plain(const SnapSegment *segment)
{
	return segment->expression && (!segment->list || segment->list_use == SNAP_LIST_USE(ANY));
}

static Err check_member(Analysis *a, const Member *members, size_t first, size_t at)
{
	const SnapSegment *segment = members[at].segment;
	const Condition *own = a->segments[members[at].index], *earlier;
	if (own->never || !own->source || a->flowed[members[at].index])
		return OK;
	for (size_t i = first; i < at && i < first + EARLIER_MAX; i++) {
		if (!is_plain(members[i].segment))
			continue;
		TRY(logic_condition(
		        a->logic[segment->audience_level], members[i].segment->expression, &earlier));
		if (!logic_implies(own, earlier))
			continue;
		finding(a, FINDING_SEGMENT_SHADOWED, (Object){"Segment", segment->name, "rank"},
		        "give it a lower rank than the other, narrow the other, or delete it",
		        "nobody can be in it: whoever meets '%s' meets '%s' too, and '%s' comes first in the "
		        "group "
		        "'%s'",
		        own->source, earlier->source, members[i].segment->name, segment->group);
		return OK;
	}
	return OK;
}

static Err check_groups(Analysis *a)
{
	const Snapshot *s = a->snapshot;
	Member *members = ARENA_ARRAY(a->arena, Member, s->n_segments + 1);
	size_t count = 0, first = 0;
	if (!members)
		return validate_no_memory();
	for (size_t i = 0; i < s->n_segments; i++) {
		if (*s->segments[i]->group)
			members[count++] = (Member){s->segments[i], i};
	}
	if (count)
		qsort(members, count, sizeof *members, by_group);
	for (size_t i = 0; i < count; i++) {
		if (!same_group(members[first].segment, members[i].segment))
			first = i;
		TRY(check_member(a, members, first, i));
	}
	return OK;
}

Err analyse_segments(Analysis *a)
{
	for (size_t i = 0; i < a->snapshot->n_segments; i++) {
		check_list(a, i);
		TRY(check_expression(a, i));
	}
	return check_groups(a);
}
