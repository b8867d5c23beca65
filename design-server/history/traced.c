#include "history/traced.h"

#include "base/cleanup.h"

enum { SPAN_BLOCK = 4096 };

// Empty: the record is known, rejected or of a call that is not traced.
static Str trace_of(const BatchRecord *record)
{
	if (record->known || record->entry == NULL)
		return STR("");
	const ProtobufCBinaryData *context = &record->entry->context->trace_context;
	return str_n((const char *)context->data, context->len);
}

static size_t count_alike(const Batch *batch, size_t first, Str trace)
{
	size_t end = first + 1;
	while (end < batch->count && str_eq(trace_of(&batch->records[end]), trace))
		end++;
	return end - first;
}

void traced_tell(Tracer *tracer, const BatchSource *source, const Batch *batch, int64_t begun_us)
{
	CLEANUP(arena_freep) Arena *arena = NULL;
	size_t alike = 1;
	for (size_t i = 0; tracer != NULL && i < batch->count; i += alike) {
		const BatchRecord *record = &batch->records[i];
		Str trace = trace_of(record);
		alike = 1;
		if (trace.len == 0)
			continue;
		alike = count_alike(batch, i, trace);
		if (arena == NULL && (arena = arena_new(SPAN_BLOCK, 0)) == NULL)
			return;
		arena_reset(arena);
		TraceSpan *span = trace_span_after(tracer, trace, "ingest", begun_us, arena);
		trace_span_text(span, "parley.environment", source->environment);
		trace_span_text(span, "parley.runtime", source->runtime_id);
		trace_span_text(span, "parley.channel", str(record->entry->context->channel));
		trace_span_number(span, "parley.sequence", (int64_t)record->frame.sequence);
		trace_span_number(span, "parley.records", (int64_t)alike);
		trace_span_end(span, OK);
	}
}
