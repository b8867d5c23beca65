// An arena made before tests and freed after them: for programs that need nothing else made, whether each
// test has one of its own or all of them share one.
#pragma once
#include "base/arena.h"

static Arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(64 * 1024, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}
