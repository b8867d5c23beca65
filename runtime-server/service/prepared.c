#include "service/prepared.h"

typedef Parley__Snapshot__V1__Constant Constant;

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory to make the snapshot ready");
}

// --- constants to values; one function per type, by the table below ---

static Err set_bool(const Constant *in, Arena *arena, Value *out)
{
	(void)arena;
	out->bool_value = in->bool_value;
	return OK;
}

static Err set_int(const Constant *in, Arena *arena, Value *out)
{
	(void)arena;
	out->int_value = in->int_value;
	return OK;
}

static Err set_double(const Constant *in, Arena *arena, Value *out)
{
	(void)arena;
	out->double_value = in->double_value;
	return OK;
}

static Err set_string(const Constant *in, Arena *arena, Value *out)
{
	(void)arena;
	out->string_value = in->string_value;
	return OK;
}

static Err set_timestamp(const Constant *in, Arena *arena, Value *out)
{
	Google__Protobuf__Timestamp *time = message_new(arena, &google__protobuf__timestamp__descriptor);
	if (time == NULL)
		return no_memory();
	int64_t micros = in->int_value % 1000000;
	time->seconds = in->int_value / 1000000 - (micros < 0);
	time->nanos = (int32_t)(micros < 0 ? micros + 1000000 : micros) * 1000;
	out->timestamp_value = time;
	return OK;
}

static Err set_strings(const Constant *in, Arena *arena, Value *out)
{
	StringList *list = message_new(arena, MESSAGE_OF(string_list));
	if (list == NULL)
		return no_memory();
	list->n_values = in->n_string_values;
	list->values = in->string_values;
	out->strings_value = list;
	return OK;
}

#define K(name) PARLEY__RUNTIME__V1__VALUE__KIND_##name
static const struct {
	Parley__Runtime__V1__Value__KindCase kind;
	Err (*set)(const Constant *in, Arena *arena, Value *out);
} kinds[] = {
        [PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_BOOL] = {K(BOOL_VALUE), set_bool},
        [PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_INT] = {K(INT_VALUE), set_int},
        [PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_DOUBLE] = {K(DOUBLE_VALUE), set_double},
        [PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_STRING] = {K(STRING_VALUE), set_string},
        [PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_TIMESTAMP] = {K(TIMESTAMP_VALUE), set_timestamp},
        [PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_STRING_LIST] = {K(STRINGS_VALUE), set_strings},
};
#undef K

static Err prepare_attribute(const Parley__Snapshot__V1__OfferAttribute *in, Arena *arena, NamedValue *out)
{
	out->name = in->name;
	if (in->value == NULL)
		return OK; // personalised only
	out->value = message_new(arena, MESSAGE_OF(value));
	if (out->value == NULL)
		return no_memory();
	out->value->kind_case = kinds[in->value->type].kind;
	return kinds[in->value->type].set(in->value, arena, out->value);
}

static Err prepare_offer(const Parley__Snapshot__V1__Offer *offer, Arena *arena, NamedValue ***ret)
{
	*ret = message_list(arena, MESSAGE_OF(named_value), offer->n_attributes);
	if (*ret == NULL && offer->n_attributes > 0)
		return no_memory();
	for (size_t i = 0; i < offer->n_attributes; i++)
		TRY(prepare_attribute(offer->attributes[i], arena, (*ret)[i]));
	return OK;
}

Err prepare(const Snapshot *snapshot, Arena *arena, const Prepared **ret)
{
	Prepared *prepared = ARENA_NEW(arena, Prepared);
	if (prepared == NULL)
		return no_memory();
	prepared->queries = ARENA_ARRAY(arena, const ProfileQuery *, snapshot->n_audience_levels + 1);
	prepared->attributes = ARENA_ARRAY(arena, NamedValue **, snapshot->n_offers + 1);
	if (prepared->queries == NULL || prepared->attributes == NULL)
		return no_memory();
	for (size_t i = 0; i < snapshot->n_audience_levels; i++)
		TRY(profile_query_new(snapshot->audience_levels[i], arena, &prepared->queries[i]));
	for (size_t i = 0; i < snapshot->n_offers; i++)
		TRY(prepare_offer(snapshot->offers[i], arena, &prepared->attributes[i]));
	*ret = prepared;
	return OK;
}
