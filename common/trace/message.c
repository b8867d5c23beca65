// Spans as OTLP has them. Names and numbers of attributes follow OpenTelemetry's conventions where there are
// any.
#include "trace/internal.h"

typedef Opentelemetry__Proto__Common__V1__AnyValue AnyValue;
typedef Opentelemetry__Proto__Common__V1__InstrumentationScope Scope;
typedef Opentelemetry__Proto__Common__V1__KeyValue KeyValue;
typedef Opentelemetry__Proto__Trace__V1__ResourceSpans ResourceSpans;
typedef Opentelemetry__Proto__Trace__V1__ScopeSpans ScopeSpans;
typedef Opentelemetry__Proto__Trace__V1__Span Span;
typedef Opentelemetry__Proto__Trace__V1__Status Status;
typedef Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceRequest Request;

// A message and the pointer that a repeated field wants, for `count` of them.
static bool key_values(size_t count, Arena *arena, KeyValue ***ret)
{
	KeyValue *items = ARENA_ARRAY(arena, KeyValue, count + 1);
	AnyValue *values = ARENA_ARRAY(arena, AnyValue, count + 1);
	*ret = ARENA_ARRAY(arena, KeyValue *, count + 1);
	if (items == NULL || values == NULL || *ret == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		opentelemetry__proto__common__v1__key_value__init(&items[i]);
		opentelemetry__proto__common__v1__any_value__init(&values[i]);
		items[i].value = &values[i];
		(*ret)[i] = &items[i];
	}
	return true;
}

static bool put_text(KeyValue *item, const char *key, Str text, Arena *arena)
{
	item->key = (char *)(uintptr_t)key;
	item->value->value_case = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_STRING_VALUE;
	item->value->string_value = arena_cstr(arena, text);
	return item->value->string_value != NULL;
}

static void put_number(KeyValue *item, const char *key, int64_t number)
{
	item->key = (char *)(uintptr_t)key;
	item->value->value_case = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_INT_VALUE;
	item->value->int_value = number;
}

// --- who ---

Resource *resource_message(const TracerOptions *options, Arena *arena)
{
	const struct {
		const char *key;
		Str value;
	} known[] = {
	        {"service.name", options->program},
	        {"service.version", str(PARLEY_VERSION)},
	        {"service.instance.id", options->instance},
	        {"deployment.environment.name", options->environment},
	};
	Resource *resource = ARENA_NEW(arena, Resource);
	if (resource == NULL)
		return NULL;
	opentelemetry__proto__resource__v1__resource__init(resource);
	if (!key_values(ARRAY_COUNT(known), arena, &resource->attributes))
		return NULL;
	for (size_t i = 0; i < ARRAY_COUNT(known); i++) {
		if (known[i].value.len == 0)
			continue;
		if (!put_text(resource->attributes[resource->n_attributes], known[i].key, known[i].value,
		            arena))
			return NULL;
		resource->n_attributes++;
	}
	return resource;
}

// --- what ---

static Str text_of(const SpanRecord *record, RecordText text)
{
	return str_n(record->text + text.at, text.len);
}

static bool put_attributes(const SpanRecord *record, Arena *arena, Span *span)
{
	if (!key_values(record->attribute_count, arena, &span->attributes))
		return false;
	span->n_attributes = record->attribute_count;
	for (size_t i = 0; i < record->attribute_count; i++) {
		const RecordAttribute *attribute = &record->attributes[i];
		if (!attribute->is_text)
			put_number(span->attributes[i], attribute->key, attribute->number);
		else if (!put_text(span->attributes[i], attribute->key, text_of(record, attribute->text),
		                 arena))
			return false;
	}
	span->dropped_attributes_count = record->left_out;
	return true;
}

static bool put_status(const SpanRecord *record, Arena *arena, Span *span)
{
	if (!record->failed)
		return true;
	span->status = ARENA_NEW(arena, Status);
	if (span->status == NULL)
		return false;
	opentelemetry__proto__trace__v1__status__init(span->status);
	span->status->code = OPENTELEMETRY__PROTO__TRACE__V1__STATUS__STATUS_CODE__STATUS_CODE_ERROR;
	return true;
}

static bool put_span(const SpanRecord *record, Arena *arena, Span *span)
{
	enum { NS_PER_US = 1000 };
	opentelemetry__proto__trace__v1__span__init(span);
	span->trace_id = (ProtobufCBinaryData){TRACE_ID_SIZE, (uint8_t *)(uintptr_t)record->ids};
	span->span_id =
	        (ProtobufCBinaryData){TRACE_SPAN_ID_SIZE, (uint8_t *)(uintptr_t)record->ids + TRACE_ID_SIZE};
	if (record->has_parent)
		span->parent_span_id =
		        (ProtobufCBinaryData){TRACE_SPAN_ID_SIZE, (uint8_t *)(uintptr_t)record->parent};
	span->name = arena_cstr(arena, text_of(record, record->name));
	span->trace_state = arena_cstr(arena, text_of(record, record->state));
	span->kind = (Opentelemetry__Proto__Trace__V1__Span__SpanKind)record->kind;
	span->start_time_unix_nano = (uint64_t)record->begun_us * NS_PER_US;
	span->end_time_unix_nano = (uint64_t)record->ended_us * NS_PER_US;
	return span->name != NULL && span->trace_state != NULL && put_attributes(record, arena, span) &&
	       put_status(record, arena, span);
}

static Span **spans_of(const SpanRecord *records, size_t count, Arena *arena)
{
	Span *spans = ARENA_ARRAY(arena, Span, count);
	Span **list = ARENA_ARRAY(arena, Span *, count);
	if (spans == NULL || list == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		list[i] = &spans[i];
		if (!put_span(&records[i], arena, &spans[i]))
			return NULL;
	}
	return list;
}

typedef struct Envelope {
	Request request;
	ResourceSpans process, *processes[1];
	ScopeSpans part, *parts[1];
	Scope scope;
} Envelope;

Request *export_message(Resource *resource, const SpanRecord *records, size_t count, Arena *arena)
{
	Envelope *all = ARENA_NEW(arena, Envelope);
	Span **spans = spans_of(records, count, arena);
	if (all == NULL || spans == NULL)
		return NULL;
	opentelemetry__proto__collector__trace__v1__export_trace_service_request__init(&all->request);
	opentelemetry__proto__trace__v1__resource_spans__init(&all->process);
	opentelemetry__proto__trace__v1__scope_spans__init(&all->part);
	opentelemetry__proto__common__v1__instrumentation_scope__init(&all->scope);
	all->scope.name = (char *)(uintptr_t) "parley";
	all->scope.version = (char *)(uintptr_t)PARLEY_VERSION;
	all->part.scope = &all->scope;
	all->part.spans = spans;
	all->part.n_spans = count;
	all->parts[0] = &all->part;
	all->process.resource = resource;
	all->process.scope_spans = all->parts;
	all->process.n_scope_spans = 1;
	all->processes[0] = &all->process;
	all->request.resource_spans = all->processes;
	all->request.n_resource_spans = 1;
	return &all->request;
}
