// Whether the search for an explanation would notice that something is wrong.
#pragma once
#include "story.h"

// Falsifies one answer of each story, and mends it again. Returns in how many that was possible.
size_t falsify_stories(const Story *stories, size_t count, uint64_t seed, size_t *ret_noticed);
