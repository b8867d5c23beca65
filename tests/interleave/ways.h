// How a call is made: from inside the process on whatever thread, over gRPC, or over a stream. The answer
// ends in the call's story, on whatever thread brings it.
#pragma once
#include "story.h"

#include "rpc/rpc.h"

typedef struct Ways Ways;

Ways *ways_new(RpcServer *server, int port);
// Hangs up; all calls have been answered.
void ways_close(Ways *ways);
void ways_free(Ways *ways);
// Makes the call; a call over gRPC is waited for. `chance` chooses how.
void ways_call(Ways *ways, Call *call, uint64_t *chance);
// Answers on a stream that came out of their session's order.
size_t ways_disorders(const Ways *ways);

int64_t now_ns(void);
