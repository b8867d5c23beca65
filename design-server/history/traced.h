// A traced call goes on here: what was recorded of it is taken in, maybe hours later, and its trace says so.
#pragma once
#include "history/batch.h"
#include "trace/trace.h"

// After the commit: one span for the records of each traced call in the batch that follow one another and
// were not known before. `begun_us`: when the batch came, by monotonic_us. Without a tracer: nothing.
void traced_tell(Tracer *tracer, const BatchSource *source, const Batch *batch, int64_t begun_us);
