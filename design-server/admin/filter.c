// The schema of a filter is derived from the message's descriptor.
#include "admin/filter.h"

#include "admin/message.h"
#include "expr/expr.h"
#include "wire/json.h"

#include "google/protobuf/timestamp.pb-c.h"

enum { SCRATCH_BLOCK = 4096, SCRATCH_MAX = 256 * 1024, FUEL = 100000 };

struct Filter {
	ExprProgram program;
	size_t count;
	const ProtobufCFieldDescriptor **fields; // one a slot
	ExprValue *values;
	Arena *scratch;
};

// EXPR_ERROR for what a filter cannot see.
static ExprKind kind_of(const ProtobufCFieldDescriptor *field)
{
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return EXPR_ERROR;
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_ENUM:
		return EXPR_STRING;
	case PROTOBUF_C_TYPE_BOOL:
		return EXPR_BOOL;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_INT64:
		return EXPR_INT;
	case PROTOBUF_C_TYPE_DOUBLE:
		return EXPR_DOUBLE;
	case PROTOBUF_C_TYPE_MESSAGE:
		return field->descriptor == &google__protobuf__timestamp__descriptor ? EXPR_TIMESTAMP
		                                                                     : EXPR_ERROR;
	default:
		return EXPR_ERROR;
	}
}

static ExprValue enum_value(const ProtobufCFieldDescriptor *field, int value)
{
	const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(field->descriptor, value);
	return expr_string(
	        known ? str(known->name + json_enum_prefix(field->descriptor)) : STR("UNSPECIFIED"));
}

static ExprValue value_of(
        const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, uint32_t slot)
{
	const void *at = message_at(message, field);
	bool missing =
	        ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) || field->type == PROTOBUF_C_TYPE_MESSAGE) &&
	        !message_has(message, field);
	int64_t us;
	if (missing)
		return expr_missing(slot);
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return expr_string(str(*(char *const *)at));
	case PROTOBUF_C_TYPE_ENUM:
		return enum_value(field, *(const int *)at);
	case PROTOBUF_C_TYPE_BOOL:
		return expr_bool(*(const protobuf_c_boolean *)at);
	case PROTOBUF_C_TYPE_INT32:
		return expr_int(*(const int32_t *)at);
	case PROTOBUF_C_TYPE_UINT32:
		return expr_int(*(const uint32_t *)at);
	case PROTOBUF_C_TYPE_INT64:
		return expr_int(*(const int64_t *)at);
	case PROTOBUF_C_TYPE_DOUBLE:
		return expr_double(*(const double *)at);
	default:
		return message_time(message, field->name, &us) ? expr_timestamp_us(us) : expr_missing(slot);
	}
}

static Err compile(const ProtobufCMessageDescriptor *descriptor, Str source, Arena *arena, Filter *filter)
{
	ExprAttribute *attributes = ARENA_ARRAY(arena, ExprAttribute, descriptor->n_fields);
	filter->fields = ARENA_ARRAY(arena, const ProtobufCFieldDescriptor *, descriptor->n_fields);
	filter->values = ARENA_ARRAY(arena, ExprValue, descriptor->n_fields);
	if (!attributes || !filter->fields || !filter->values)
		return err(ERR_NO_MEMORY, "no memory for a filter");
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		if (kind_of(field) == EXPR_ERROR)
			continue;
		attributes[filter->count] = (ExprAttribute){str(field->name), {.kind = kind_of(field)}};
		filter->fields[filter->count++] = field;
	}
	ExprSchema schema = {attributes, filter->count};
	if (expr_compile(&schema, source, EXPR_BOOL, arena, &filter->program) != OK)
		return err_at(ERR_FILTER_INVALID, "filter", "filter: %s", err_detail()->message);
	return OK;
}

Err filter_compile(const ProtobufCMessageDescriptor *descriptor, Str source, Arena *arena, Filter **ret)
{
	*ret = NULL;
	if (!source.len)
		return OK;
	Filter *filter = ARENA_NEW(arena, Filter);
	if (!filter)
		return err(ERR_NO_MEMORY, "no memory for a filter");
	TRY(compile(descriptor, source, arena, filter));
	filter->scratch = arena_new(SCRATCH_BLOCK, SCRATCH_MAX);
	if (!filter->scratch)
		return err(ERR_NO_MEMORY, "no memory for a filter");
	*ret = filter;
	return OK;
}

bool filter_wants(Filter *filter, const ProtobufCMessage *message, int64_t now_us)
{
	if (!filter)
		return true;
	arena_reset(filter->scratch);
	for (uint32_t i = 0; i < filter->count; i++)
		filter->values[i] = value_of(message, filter->fields[i], i);
	ExprScratch scratch = {.arena = filter->scratch, .fuel = FUEL};
	ExprValue result = expr_eval(&filter->program, filter->values, now_us, &scratch);
	return result.kind == EXPR_BOOL && result.b;
}

void filter_free(Filter *filter)
{
	if (filter)
		arena_free(filter->scratch); // the rest is the caller's arena's
}
