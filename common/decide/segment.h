// Finding a visitor's segments: what flows and segments share.
#pragma once
#include "decide/call.h"

typedef struct Segmenting {
	const SegmentRequest *request;
	Evaluation evaluation; // over `values`; remembers only when no flow can change them any more
	ExprValue *values;
	Segmentation *ret;
	SegmentTrace *trace; // NULL unless explained
	size_t trace_count;
	uint32_t *beaten_by; // by segment, on explain: the one of its group that came first, plus 1
} Segmenting;

void segment_put(Segmenting *run, uint32_t segment);
void segment_trace(Segmenting *run, SegmentTrace entry);
// Runs a flow from its first step to its end.
void flow_run(Segmenting *run, const PlanFlow *flow);
