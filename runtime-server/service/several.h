// Several commands in one turn on a session, one after the other: what executeBatch and recommend share. A
// command that loads a profile suspends them all, and with them the session; an event that is on its way to
// the disk does not: the session is left when the last command is done, and whoever settles last, this thread
// or the journal's, answers.
#pragma once
#include "service/turn.h"

typedef struct Several Several;

typedef struct Part {
	Reply reply; // first
	Turn turn;
	Several *several;
	const ProtobufCMessage *response; // does not borrow from the session or its snapshot; NULL: it failed
	const ErrDetail *failure;
} Part;

struct Several {
	Turn *turn;
	Part *parts;
	size_t count, next;
	bool stop_on_error; // what comes behind a refused part is not done
	bool stopped, ended;
	atomic_size_t open; // parts begun and not settled, and one for them all
	// Makes the answer when all parts have settled. Everything lives in the turn's arena.
	Err (*answer)(const Several *several, Arena *arena, const ProtobufCMessage **ret);
};

// Of `turn`, with `count` parts to be filled. Error: NO_MEMORY.
Err several_new(Turn *turn, size_t count, Several **ret);
void several_fill(Several *several, size_t which, const Command *command, const void *request);
// The rest of the turn's step.
Err several_run(Several *several, Outcome *outcome);
// Instead, when there is no time left to take it: parts that have a late answer give it, the others have not
// been done. Error: TIMEOUT if none has.
Err several_late(Several *several, const Deployed *deployed, Outcome *outcome);
