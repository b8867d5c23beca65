// What a client does next, by chance; and the messages that say it.
#pragma once
#include "story.h"

#include "service/proto.h"

// The story locked: a call that the client begins now.
Call *draw_call(Story *story, int client, uint64_t *chance);
uint64_t draw_number(uint64_t *chance, uint64_t below);

// Everything is in `arena` or borrows from the story.
BatchCommand *step_message(const Story *story, const Step *step, Arena *arena);
ExecuteBatchRequest *batch_message(const Call *call, Arena *arena);
RecommendRequest *recommend_message(const Call *call, Arena *arena);
