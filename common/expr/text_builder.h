// Text that grows in an arena until the arena is full; what no longer fits is cut.
#pragma once
#include "expr/operate.h"

typedef struct Text {
	Arena *arena;
	Evaluation *evaluation; // NULL, or whose fuel it takes
	char *ptr;
	size_t len, room;
	bool full; // cut: memory or fuel ran out
} Text;

void text_put(Text *text, Str part);
__attribute__((format(printf, 2, 3))) void text_printf(Text *text, const char *fmt, ...);
// The text as a value, or MEMORY if it was cut.
ExprValue text_value(const Text *text);
