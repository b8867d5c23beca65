// Commands and what became of them as messages, for executeBatch, converse and recommend.
#pragma once
#include "service/turn.h"

// What a message asks for; NULL if it asks for nothing.
const Command *command_of(const BatchCommand *message);
// Its request, session ID and number, whichever it is.
const void *command_request(const BatchCommand *message);
const char *command_session_id(const BatchCommand *message);
uint64_t command_sequence(const BatchCommand *message);
// All of these at once; false: it asks for nothing.
bool command_call(const BatchCommand *message, TurnCall *ret);

// What became of it: an answer, which is borrowed, or a failure. Error: NO_MEMORY.
Err result_map(BatchCommandCase what, const ProtobufCMessage *response, const ErrDetail *failure,
        Arena *arena, BatchResult *out);

// A visit in one call, and the ID of the session that it is on: nobody else can name it. NULL if memory is
// out.
extern const Command recommend_command;
char *recommend_session(Service *service, Arena *arena);
