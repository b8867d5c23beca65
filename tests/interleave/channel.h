// The channel that all stories play in, as model.c knows it.
#pragma once
#include "story.h"

#include "snapshot/types.h"

// The second edition decides as the first does; only its digest is another.
Snapshot *channel_snapshot(Arena *arena, bool second);
