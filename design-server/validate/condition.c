// What can be said of any condition, whatever it is a condition of.
#include "validate/internal.h"

const char *clash_text(const Analysis *a, const Condition *condition)
{
	const char *text = "";
	if (condition->clash)
		text = condition->clash_fixed
		               ? arena_printf(a->arena, ": nothing sets %s, so it always has its default",
		                         condition->clash)
		               : arena_printf(a->arena, ": no value of %s is left", condition->clash);
	return text ? text : "";
}

Err analyse_condition(Analysis *a, Object object, uint32_t level, const SnapExpression *expression)
{
	const Condition *condition;
	if (!expression)
		return OK;
	TRY(logic_condition(a->logic[level], expression, &condition));
	// Whoever writes a plain 'true' means it.
	if (condition->always && !condition->literal)
		finding(a, FINDING_CONDITION_ALWAYS, object, "leave it out, or correct it",
		        "'%s' is true for everybody", condition->source);
	if (condition->dead && !condition->never && !condition->always)
		finding(a, FINDING_CONDITION_PART_NEVER, object, "take that part out, or correct it",
		        "of the %u alternatives of '%s', number %u is never true", condition->alternatives,
		        condition->source, condition->dead);
	return OK;
}
