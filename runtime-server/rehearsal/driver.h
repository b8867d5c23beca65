// A rehearsal driven by JSON: a line asks, a line answers. README.md has the lines.
#pragma once
#include "rehearsal/rehearsal.h"

typedef struct Driver Driver;

enum { DRIVER_LINE_MAX = 1024 * 1024 };

typedef struct DriverOptions {
	const RehearsalContent *content; // outlives it
	Str runtime_id;                  // as in RehearsalOptions, as all below
	int state_fd;
	const char *state_name; // NULL: it begins with nothing
} DriverOptions;

// Errors: those of rehearsal_new.
Err driver_new(const DriverOptions *options, Driver **ret);
void driver_free(Driver *driver); // NULL is fine
// Does what a line says; the answer, in `arena`, has no newline. Lines that cannot be done, or that are
// refused, are answered by {"error": …} and change nothing but the time. Errors: NO_MEMORY.
Err driver_line(Driver *driver, Str line, Arena *arena, Str *ret);
// As rehearsal_save.
Err driver_save(Driver *driver, int fd);
