// Outcome types: what is within what must come to an end, and what nothing follows names nothing that does.
#include "admin/message.h"
#include "admin/validate.h"

#include "parley/design/v1/outcome_type.pb-c.h"

typedef Parley__Design__V1__OutcomeType OutcomeType;

enum { NEXT_MAX = 100, DEPTH_MAX = 8 };

// Walks up from the parent as stored, which suffices: a circle is closed by its last change.
static Err check_parents(Check *check, const OutcomeType *type)
{
	const char *path = type->name, *parent = type->parent;
	for (int depth = 1; *parent; depth++) {
		Resource above;
		path = check_at(check, "%s → %s", path, parent);
		if (strcmp(parent, type->name) == 0)
			return check_fail(check, ERR_FIELD_INVALID, "parent",
			        "the type would be within itself: %s; name another parent, or none", path);
		if (depth == DEPTH_MAX)
			return check_fail(check, ERR_LIMIT, "parent",
			        "types are at most %d deep within each other: %s", DEPTH_MAX, path);
		TRY(resource_get(
		        check->pg, check->kind, (Str){0}, str(parent), RESOURCE_SHARE, check->arena, &above));
		parent = ((const OutcomeType *)above.message)->parent;
	}
	return OK;
}

Err validate_outcome_type(Check *check)
{
	const OutcomeType *type = (const void *)check->message;
	if (type->n_next > NEXT_MAX)
		return check_fail(check, ERR_FIELD_INVALID, "next",
		        "names %zu types; at most %d are taken: name the one that they are within",
		        type->n_next, NEXT_MAX);
	if (type->terminal && type->n_next > 0)
		return check_fail(check, ERR_FIELD_INVALID, "next",
		        "nothing follows a terminal type: leave these out, or it is not terminal");
	for (size_t i = 0; i < type->n_next; i++)
		if (strcmp(type->next[i], type->name) == 0)
			return check_fail(check, ERR_FIELD_INVALID, check_at(check, "next[%zu]", i),
			        "is the type itself: leave it out, the same outcome again changes nothing");
	return check_parents(check, type);
}
