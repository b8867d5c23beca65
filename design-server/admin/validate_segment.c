// Segments.
#include "admin/level.h"
#include "admin/message.h"
#include "admin/validate.h"

#include "parley/design/v1/segment.pb-c.h"

enum { LISTS_MAX = 32 };

typedef Parley__Design__V1__Segment Segment;
#define LIST_USE(name) PARLEY__DESIGN__V1__LIST_USE__LIST_USE_##name

static Err check_lists(const Check *check, const Segment *segment)
{
	if (segment->n_lists > LISTS_MAX)
		return check_fail(check, ERR_FIELD_INVALID, "lists", "names %zu lists; at most %d are taken",
		        segment->n_lists, LISTS_MAX);
	for (size_t i = 0; i < segment->n_lists; i++) {
		const Resolved *list = check_target(check, "AudienceList", segment->lists[i]);
		Str level = message_str(list->message, "audience_level");
		if (!str_eq(level, str(segment->audience_level)))
			return check_fail(check, ERR_FIELD_INVALID, check_at(check, "lists[%zu]", i),
			        "audience list %s is of " STR_FMT " and the segment of %s: name a list of "
			        "the same level",
			        segment->lists[i], STR_ARG(level), segment->audience_level);
	}
	return OK;
}

static Err check_list_use(const Check *check, const Segment *segment)
{
	bool both = *segment->expression && segment->n_lists;
	if (both && segment->list_use == LIST_USE(UNSPECIFIED))
		return check_fail(check, ERR_FIELD_MISSING, "list_use",
		        "say how the lists go with the expression: ALL, ANY or EXCEPT");
	if (!both && segment->list_use != LIST_USE(UNSPECIFIED))
		return check_fail(check, ERR_FIELD_INVALID, "list_use",
		        "says how lists go with an expression, and there are not both: leave it out");
	return OK;
}

Err validate_segment(Check *check)
{
	const Segment *segment = (const void *)check->message;
	TRY(check_lists(check, segment));
	TRY(check_list_use(check, segment));
	if (*segment->group && !is_name(str(segment->group)))
		return check_fail(check, ERR_FIELD_INVALID, "group",
		        "\"%s\" is not a group's name: a lower-case letter, then lower-case letters, digits, "
		        "'-' and '_', at most 63 in all",
		        segment->group);
	if (segment->rank && !*segment->group)
		return check_fail(check, ERR_FIELD_INVALID, "rank",
		        "orders the segments of a group: name the group, or leave it out");
	if (!*segment->expression)
		return OK;
	return level_expression(check, "expression",
	        check_target(check, "AudienceLevel", segment->audience_level), segment->expression,
	        EXPR_BOOL);
}
