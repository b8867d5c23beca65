// From what stands behind /c/ or /s/ to where it leads.
#pragma once
#include "service/links.h"

typedef enum ClickFound {
	CLICK_UNKNOWN, // not ours: forged, cut, another environment's
	CLICK_GONE,    // ours, and over: the link is too old, or the offer is not offered any more
	CLICK_LEADS,
} ClickFound;

typedef struct ClickTarget {
	const char *id;          // the click's ID: the treatment code, or the source code as XXXX-XXXX-XXXX
	const char *channel;     // all of these in the call's arena
	const char *destination; // with CLICK_LEADS
} ClickTarget;

// Error that there may be, no memory, is told as CLICK_UNKNOWN.
ClickFound click_find_link(Service *service, Str token, int64_t now_us, Arena *arena, ClickTarget *ret);
ClickFound click_find_source(Service *service, Str text, int64_t now_us, Arena *arena, ClickTarget *ret);
// A custom code as the history has it: if it is a source code of an offer that is deployed here, as it was
// printed, however it was typed; else as it is.
const char *click_source_code(Service *service, const char *text, Arena *arena);
