// A span is written where its call keeps everything, its texts copied into it as they are told, so that what
// is kept of it at its end is one copy of some hundred bytes and nobody's memory.
#include "trace/internal.h"

static int64_t clock_ahead(const Tracer *tracer)
{
	return clock_now_us(tracer->options.wall) - monotonic_us();
}

// A text that is too long is cut.
static bool put(SpanRecord *record, Str text, size_t most, RecordText *ret)
{
	size_t len = text.len < most ? text.len : most;
	while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
		len--; // not within a character
	if (len > RECORD_TEXT - record->text_len)
		return false;
	if (len > 0)
		memcpy(record->text + record->text_len, text.ptr, len);
	*ret = (RecordText){(uint16_t)record->text_len, (uint16_t)len};
	record->text_len += len;
	return true;
}

static TraceSpan *new_span(Tracer *tracer, int64_t wall_us, Str parent_ids, Arena *arena)
{
	TraceSpan *span = ARENA_NEW(arena, TraceSpan);
	if (span == NULL)
		return NULL;
	memset(span, 0, offsetof(TraceSpan, record.text));
	SpanRecord *record = &span->record;
	span->tracer = tracer;
	span->wall_us = wall_us;
	record->has_parent = parent_ids.len == TRACE_CONTEXT_SIZE;
	if (record->has_parent) {
		memcpy(record->ids, parent_ids.ptr, TRACE_ID_SIZE);
		memcpy(record->parent, parent_ids.ptr + TRACE_ID_SIZE, TRACE_SPAN_ID_SIZE);
	} else {
		trace_ids_draw(record->ids, TRACE_ID_SIZE);
	}
	trace_ids_draw(record->ids + TRACE_ID_SIZE, TRACE_SPAN_ID_SIZE);
	return span;
}

static void begin(TraceSpan *span, SpanKind kind, Str name, int64_t begun_us)
{
	span->record.kind = kind;
	span->record.begun_us = begun_us + span->wall_us;
	put(&span->record, name, RECORD_TEXT_EACH, &span->record.name);
}

TraceSpan *span_new(Tracer *tracer, Str parent_ids, SpanKind kind, Str name, int64_t begun_us, Arena *arena)
{
	TraceSpan *span = new_span(tracer, clock_ahead(tracer), parent_ids, arena);
	if (span != NULL)
		begin(span, kind, name, begun_us);
	return span;
}

TraceSpan *trace_span_within(const TraceSpan *parent, const char *name, Arena *arena)
{
	if (parent == NULL)
		return NULL;
	TraceSpan *span = new_span(parent->tracer, parent->wall_us, trace_span_ids(parent), arena);
	if (span != NULL)
		begin(span, SPAN_INTERNAL, str(name), monotonic_us());
	return span;
}

TraceSpan *trace_span_after(Tracer *tracer, Str ids, const char *name, int64_t begun_us, Arena *arena)
{
	if (tracer == NULL || !trace_ids_fine(ids))
		return NULL;
	return span_new(tracer, ids, SPAN_CONSUMER, str(name), begun_us, arena);
}

Str trace_span_ids(const TraceSpan *span)
{
	return span != NULL ? str_n((const char *)span->record.ids, sizeof span->record.ids) : STR("");
}

static RecordAttribute *next_attribute(SpanRecord *record)
{
	return record->attribute_count < RECORD_ATTRIBUTES ? &record->attributes[record->attribute_count]
	                                                   : NULL;
}

void trace_span_text(TraceSpan *span, const char *key, Str value)
{
	if (span == NULL)
		return;
	RecordAttribute *attribute = next_attribute(&span->record);
	RecordText text;
	if (attribute == NULL || !put(&span->record, value, RECORD_TEXT_EACH, &text)) {
		span->record.left_out++;
		return;
	}
	*attribute = (RecordAttribute){.key = key, .text = text, .is_text = true};
	span->record.attribute_count++;
}

void trace_span_number(TraceSpan *span, const char *key, int64_t value)
{
	if (span == NULL)
		return;
	RecordAttribute *attribute = next_attribute(&span->record);
	if (attribute == NULL) {
		span->record.left_out++;
		return;
	}
	*attribute = (RecordAttribute){.key = key, .number = value};
	span->record.attribute_count++;
}

void span_put_state(TraceSpan *span, Str state)
{
	put(&span->record, state, TRACE_STATE_MAX, &span->record.state);
}

static void finish(TraceSpan *span)
{
	span->record.ended_us = monotonic_us() + span->wall_us;
	tracer_keep(span->tracer, &span->record);
}

void trace_span_end(TraceSpan *span, Err result)
{
	if (span == NULL)
		return;
	span->record.failed = result != OK;
	finish(span);
}

// What a caller did wrong is no failure of the server's.
void span_end_call(TraceSpan *span, int status)
{
	enum { UNKNOWN = 2, DEADLINE_EXCEEDED = 4, UNIMPLEMENTED = 12, INTERNAL, UNAVAILABLE, DATA_LOSS };
	trace_span_number(span, "rpc.grpc.status_code", status);
	span->record.failed = status == UNKNOWN || status == DEADLINE_EXCEEDED || status == UNIMPLEMENTED ||
	                      status == INTERNAL || status == UNAVAILABLE || status == DATA_LOSS;
	finish(span);
}
