// A segmentation flow as a tree that a person can read.
#pragma once
#include "cli.h"

// Draws a resource of kind SegmentationFlow, as the server gives it. Each step is drawn once, where it is
// first reached; elsewhere an arrow names it. The text lives in the arena.
Str flow_draw(const json_t *flow, Arena *arena);
