// `parley-runtime rehearse`, talked to over two pipes: runtime-server/rehearsal/README.md has the lines.
#pragma once
#include "cli.h"

typedef struct Rehearser Rehearser;

// Starts it with these bytes of a snapshot. Errors: IO, RESOURCE_NOT_FOUND: the program is not installed.
Err rehearser_start(Cli *cli, Str blob, Rehearser **ret);
// Who hears the answers to what is told.
typedef void RehearserHeard(void *context, json_t *answer);
void rehearser_listen(Rehearser *rehearser, RehearserHeard *heard, void *context);
// Hands a line in (takes it over), and waits for nothing: going back and forth for each would take longer
// than all that is done. Errors: as rehearser_ask.
Err rehearser_tell(Rehearser *rehearser, json_t *line);
// Hands a line in (takes it over) and returns its answer, a new reference, after those to what was told
// before have been heard. What the program cannot do is an answer with a member "error". Errors: IO: the
// program ended; it has told on standard error why.
Err rehearser_ask(Rehearser *rehearser, json_t *line, json_t **ret);
// Ends the program. NULL is fine.
void rehearser_end(Rehearser *rehearser);

static inline void rehearser_endp(Rehearser **rehearser)
{
	rehearser_end(*rehearser);
}
