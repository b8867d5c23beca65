// What can be said of an audience level's conditions without running them: that one is never true, that it
// always is, that two contradict each other, that one implies the other. Each is said only if it is so for
// every visitor; whatever cannot be read is taken to be true or false by chance.
#pragma once
#include "validate/formula.h"

#include "snapshot/types.h"

typedef struct Logic Logic;

typedef struct Condition {
	const char *source; // NULL for one made of others
	Formula holds;      // when it is true
	bool never;
	bool always;       // and never an error
	bool timely;       // asks the time: true now, it may be false later
	bool literal;      // a plain true or false
	const char *clash; // an attribute that no value is left for; NULL if it is not just one
	bool clash_fixed;  // nothing sets that attribute: it has its default for ever
	uint32_t alternatives,
	        dead;          // joined by ||, and the first of them (from 1) that is never true; 0: none
	const uint64_t *slots; // bit s: it reads attribute s
} Condition;

// `settable[slot]`: whether anything can give a visitor a value of the attribute other than its default.
Err logic_new(const SnapLevel *level, const bool *settable, Arena *arena, Logic **ret);
// A condition of the level's; the same source gives the same one. NULL gives one that always holds.
Err logic_condition(Logic *logic, const SnapExpression *expression, const Condition **ret);
// Both, at the same moment.
Err logic_both(Logic *logic, const Condition *a, const Condition *b, const Condition **ret);
// Both, b at a later moment than a: what they say about the time does not meet.
Err logic_then(Logic *logic, const Condition *a, const Condition *b, const Condition **ret);
// One of the two.
Err logic_either(Logic *logic, const Condition *a, const Condition *b, const Condition **ret);
// What is still known when the attribute has got another value.
Err logic_forget(Logic *logic, const Condition *a, uint32_t slot, const Condition **ret);
// Whether b is true wherever a is.
bool logic_implies(const Condition *a, const Condition *b);
// The least and the greatest that a number expression is known to give for somebody; `ret_known`: whether any
// is.
Err logic_range(Logic *logic, const char *source, bool *ret_known, double *ret_low, double *ret_high);
// The first attribute that an expression reads and visitors may lack, without asking has() for it; NULL if
// there is none. Such an expression fails for those visitors, unless something absorbs it.
Err logic_lacking(Logic *logic, const char *source, const char **ret);
