// Responses that were taken lately, by their ID. They have no session that could remember them; what has
// fallen out of here is recorded again and dropped by the history.
#pragma once
#include "service/internal.h"

Recent *recent_new(void);
void recent_free(Recent *recent);
bool recent_has(Recent *recent, EventKey key);
// Only what is durable.
void recent_put(Recent *recent, EventKey key);
