// Slows down guessing: after some failures of one user name from one address, further tries must wait, longer
// each time. The table has a fixed size; the keys are hashed with a secret, so that nobody can aim at
// another's slot.
#pragma once
#include "base/error.h"

typedef struct Throttle Throttle;

Throttle *throttle_new(void);
void throttle_free(Throttle *throttle);
// Error: LIMIT with the time to wait.
Err throttle_check(Throttle *throttle, Str user, Str address, int64_t now_us);
void throttle_failed(Throttle *throttle, Str user, Str address, int64_t now_us);
void throttle_passed(Throttle *throttle, Str user, Str address);
