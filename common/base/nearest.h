// "Did you mean": the candidate closest to what was written, for messages about unknown names.
#pragma once
#include "base/str.h"

typedef struct Nearest {
	Str wanted;
	Str best; // empty: nothing is near
	size_t distance;
} Nearest;

Nearest nearest_to(Str wanted);
// Considers a candidate (which must outlive the Nearest) by edit distance, letter case aside; what differs in
// more than a third of its letters is not near.
void nearest_try(Nearest *nearest, Str candidate);

// For "%s%.*s%s": `; did you mean 'NAME'?`, or nothing.
#define NEAREST_FMT "%s" STR_FMT "%s"
#define NEAREST_ARG(near)                                                                                    \
	(near).best.len ? "; did you mean '" : "", STR_ARG((near).best), (near).best.len ? "'?" : ""
