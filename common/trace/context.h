// W3C trace context (Trace Context, level 1): which trace a call is part of, as its headers tell. What comes
// from outside is taken as the standard says or not at all: a header that is wrong is as if it were not
// there.
#pragma once
#include "base/str.h"

enum {
	TRACE_ID_SIZE = 16,
	TRACE_SPAN_ID_SIZE = 8,
	TRACE_CONTEXT_SIZE = TRACE_ID_SIZE + TRACE_SPAN_ID_SIZE, // both, one behind the other
	TRACE_PARENT_SIZE = 56,                                  // of the header's text, with its NUL
	TRACE_STATE_MAX = 512, // bytes of tracestate; a longer one is left out
	TRACE_STATE_MEMBERS = 32,
};

typedef struct TraceContext {
	uint8_t ids[TRACE_CONTEXT_SIZE];
	bool sampled; // the caller traces it
} TraceContext;

// Reads a traceparent. False: it is none.
bool trace_parent_read(Str text, TraceContext *ret);
// Writes one, of version 00.
void trace_parent_write(const TraceContext *context, char text[TRACE_PARENT_SIZE]);
// Whether it is a tracestate within the limits: members KEY=VALUE, no key twice.
bool trace_state_fine(Str text);
// Whether these are the IDs of a trace and a span: neither may be all zeros.
bool trace_ids_fine(Str ids);
// Fresh IDs. They tell traces apart and are no secret.
void trace_ids_draw(uint8_t *ids, size_t len);
// A fresh trace whose first span the caller has, to be passed on.
TraceContext trace_context_new(void);
