// What calls were answered, from messages into their stories. The story locked.
#pragma once
#include "story.h"

#include "service/proto.h"

// The call as a whole was refused.
void answer_refused(Call *call, Err e);
// An answer to a call of one command.
void answer_alone(Call *call, const BatchResult *result);
void answer_batch(Call *call, const ExecuteBatchResponse *response);
void answer_recommend(Call *call, const RecommendResponse *response);
