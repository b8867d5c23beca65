// Converse streams that all stories share.
#pragma once
#include "story.h"

typedef struct Lines Lines;

Lines *lines_new(const char *target);
// Half-closes them, waits for their ends and frees them. Returns how many answers came out of their session's
// order.
size_t lines_close(Lines *lines);
void line_call(Lines *lines, int line, Call *call);
