// A line to a server on this machine, every connection of which breaks after so many bytes.
#pragma once
#include <stddef.h>

typedef struct BreakingLine BreakingLine;

// Begins to listen at a free port, *ret_port.
BreakingLine *breaking_line_start(int to_port, size_t bytes, int *ret_port);
// Every connection is closed. Returns how many broke.
unsigned breaking_line_stop(BreakingLine *line);
