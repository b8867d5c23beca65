// Small texts: moments and numbers read back to what they were written from; declarations and values are
// refused or taken.
#include "fuzz.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "expr/expr.h"

#include <stdlib.h>

static void moment(Str text)
{
	char again[TIME_TEXT_SIZE];
	int64_t us, back;

	if (!time_parse(text, &us))
		return;
	if (us < INT64_C(-62135596800) * US_PER_S || us >= INT64_C(253402300800) * US_PER_S)
		return; // an offset moved it out of the years 1 to 9999
	time_format(us, again);
	if (!time_parse(str(again), &back) || back != us)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 12, 1 << 22);
	Str text = str_n((const char *)data, size);
	ExprAttribute attribute;
	ExprValue value;
	int64_t i;
	double f;

	moment(text);
	(void)str_to_i64(text, &i);
	(void)str_to_f64(text, &f);
	if (expr_attribute_parse(text, arena, &attribute) == OK && attribute.name.len == 0)
		abort();
	for (int kind = EXPR_BOOL; kind <= EXPR_LIST; kind++)
		(void)expr_value_parse((ExprType){(ExprKind)kind, EXPR_STRING}, text, arena, &value);
	return 0;
}
