#include "service/prepared.h"

#include "service/cells.h"
#include "service/links.h"
#include "service/recommendation.h"
#include "snapshot/snapshot.h"
#include "wire/timestamp.h"
#include "wire/wire.h"
#include "wire/write.h"

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
	out->timestamp_value = wire_timestamp(in->int_value, arena);
	return out->timestamp_value != NULL ? OK : no_memory();
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

static Err pack_fixed(const Parley__Snapshot__V1__Offer *offer, NamedValue **fixed, size_t count,
        Arena *arena, PreparedOffer *out)
{
	Offer message = PARLEY__RUNTIME__V1__OFFER__INIT;
	size_t code_len = strlen(offer->code);
	message.offer_code = offer->code;
	message.offer_name = offer->name;
	message.attributes = fixed;
	message.n_attributes = count;
	TRY(wire_pack(&message.base, arena, &out->packed));
	out->code = str_n(out->packed.ptr, 1 + wire_varint_size(code_len) + code_len);
	return OK;
}

static Err prepare_offer(const Parley__Snapshot__V1__Offer *offer, Arena *arena, PreparedOffer *out)
{
	size_t count = 0;
	NamedValue **fixed = ARENA_ARRAY(arena, NamedValue *, offer->n_attributes + 1);
	out->attributes = message_list(arena, MESSAGE_OF(named_value), offer->n_attributes + 1);
	if (out->attributes == NULL || fixed == NULL)
		return no_memory();
	for (size_t i = 0; i < offer->n_attributes; i++) {
		TRY(prepare_attribute(offer->attributes[i], arena, out->attributes[i]));
		if (out->attributes[i]->value != NULL)
			fixed[count++] = out->attributes[i];
	}
	return pack_fixed(offer, fixed, count, arena, out);
}

// --- expressions ---

// `in` may be NULL: then there is none.
static Err prepare_program(
        const ExprSchema *schema, const Parley__Snapshot__V1__Expression *in, ExprProgram *ret)
{
	return in != NULL ? expr_verify(schema, in->program.data, in->program.len, ret) : OK;
}

static Err prepare_action(
        const ExprSchema *schemas, const Parley__Snapshot__V1__EventAction *action, PreparedAction *ret)
{
	const ExprSchema *schema = &schemas[action->audience_level > 0 ? action->audience_level - 1 : 0];
	TRY(prepare_program(schema, action->condition, &ret->condition));
	return prepare_program(schema, action->value, &ret->value);
}

static Err prepare_events(
        const Snapshot *snapshot, const ExprSchema *schemas, Arena *arena, Prepared *prepared)
{
	PreparedAction **events = ARENA_ARRAY(arena, PreparedAction *, snapshot->n_events + 1);
	if (events == NULL)
		return no_memory();
	prepared->actions = (const PreparedAction *const *)events;
	for (size_t e = 0; e < snapshot->n_events; e++) {
		const Parley__Snapshot__V1__Event *event = snapshot->events[e];
		events[e] = ARENA_ARRAY(arena, PreparedAction, event->n_actions + 1);
		if (events[e] == NULL)
			return no_memory();
		for (size_t a = 0; a < event->n_actions; a++)
			TRY(prepare_action(schemas, event->actions[a], &events[e][a]));
	}
	return OK;
}

// --- which attributes matter to segments ---

typedef struct Uses {
	const ExprSchema *schema;
	uint64_t *slots;
	PreparedLevel *level;
} Uses;

static Err use(const Uses *uses, const Parley__Snapshot__V1__Expression *expression)
{
	ExprProgram program = {0};
	TRY(prepare_program(uses->schema, expression, &program));
	if (expression != NULL)
		expr_slots(&program, uses->slots);
	return OK;
}

static Err use_step(const Uses *uses, const Parley__Snapshot__V1__FlowStep *step)
{
	for (size_t b = 0; b < step->n_branches; b++)
		TRY(use(uses, step->branches[b]->condition));
	if (step->kind != PARLEY__SNAPSHOT__V1__FLOW_STEP_KIND__FLOW_STEP_KIND_SET_ATTRIBUTE)
		return OK;
	uses->level->flows_set = true;
	uses->slots[step->attribute / 64] |= UINT64_C(1) << step->attribute % 64;
	return use(uses, step->value);
}

static Err prepare_segmenting(const Snapshot *snapshot, uint32_t level, const Uses *uses)
{
	for (size_t s = 0; s < snapshot->n_segments; s++)
		if (snapshot->segments[s]->audience_level == level)
			TRY(use(uses, snapshot->segments[s]->expression));
	for (size_t f = 0; f < snapshot->n_flows; f++)
		for (size_t s = 0;
		        snapshot->flows[f]->audience_level == level && s < snapshot->flows[f]->n_steps; s++)
			TRY(use_step(uses, snapshot->flows[f]->steps[s]));
	return OK;
}

static Err prepare_levels(const Snapshot *snapshot, ExprSchema *schemas, Arena *arena, Prepared *prepared)
{
	PreparedLevel *levels = ARENA_ARRAY(arena, PreparedLevel, snapshot->n_audience_levels + 1);
	if (levels == NULL)
		return no_memory();
	prepared->levels = levels;
	for (uint32_t i = 0; i < snapshot->n_audience_levels; i++) {
		const Level *level = snapshot->audience_levels[i];
		uint64_t *slots = ARENA_ARRAY(arena, uint64_t, level->n_attributes / 64 + 1);
		if (slots == NULL)
			return no_memory();
		levels[i].segmenting = slots;
		TRY(profile_query_new(level, arena, &levels[i].query));
		TRY(snapshot_schema(level, arena, &schemas[i]));
		TRY(prepare_segmenting(snapshot, i, &(Uses){&schemas[i], slots, &levels[i]}));
	}
	return cells_prepare(snapshot, arena, levels);
}

Err prepare(Visitors *visitors, const Snapshot *snapshot, Arena *arena, const Prepared **ret)
{
	Prepared *prepared = ARENA_NEW(arena, Prepared);
	PreparedOffer *offers = ARENA_ARRAY(arena, PreparedOffer, snapshot->n_offers + 1);
	ExprSchema *schemas = ARENA_ARRAY(arena, ExprSchema, snapshot->n_audience_levels + 1);
	if (prepared == NULL || offers == NULL || schemas == NULL)
		return no_memory();
	prepared->offers = offers;
	TRY(prepare_levels(snapshot, schemas, arena, prepared));
	TRY(prepare_events(snapshot, schemas, arena, prepared));
	for (size_t i = 0; i < snapshot->n_offers; i++)
		TRY(prepare_offer(snapshot->offers[i], arena, &offers[i]));
	TRY(links_prepare(snapshot, arena, offers, prepared));
	TRY(recommendation_prepare(snapshot, arena, prepared));
	if (visitors != NULL)
		TRY(visitor_view_new(visitors, snapshot, &prepared->view));
	*ret = prepared;
	return OK;
}

Err prepare_for(Visitors *visitors, const Snapshot *snapshot, const Prepared *shared, Arena *arena,
        const Prepared **ret)
{
	Prepared *prepared = ARENA_NEW(arena, Prepared);
	if (prepared == NULL)
		return no_memory();
	*prepared = *shared;
	TRY(visitor_view_new(visitors, snapshot, &prepared->view));
	*ret = prepared;
	return OK;
}
