// What approvers sign. The database holds the signed bytes beside the plan's row; whether they still belong
// together is asked whenever signatures are counted: who can write rows must not be able to put one plan's
// approvals beside another.
#include "execution/internal.h"

#include "wire/wire.h"

typedef Parley__Plan__V1__PlanStatement Statement;
typedef Parley__Plan__V1__PlanInputs Inputs;

static Err read_inputs(const PlanRow *row, Arena *arena, Inputs **ret)
{
	ProtobufCMessage *inputs;
	TRY(wire_unpack(&parley__plan__v1__plan_inputs__descriptor, row->inputs, 0, arena, &inputs));
	*ret = (Inputs *)inputs;
	return OK;
}

static Err pack(const PlanRow *row, Inputs *inputs, Arena *arena, Str *ret)
{
	Statement statement = PARLEY__PLAN__V1__PLAN_STATEMENT__INIT;
	statement.format = 1;
	statement.environment = arena_cstr(arena, row->environment);
	statement.inputs = inputs;
	statement.digest =
	        (ProtobufCBinaryData){sizeof row->digest.bytes, (uint8_t *)(uintptr_t)row->digest.bytes};
	statement.effects = (uint64_t)row->effects;
	statement.author = arena_cstr(arena, row->author);
	statement.comment = arena_cstr(arena, row->comment);
	statement.created_us = row->created_us;
	if (!statement.environment || !statement.author || !statement.comment)
		return execution_no_memory();
	return wire_pack(&statement.base, arena, ret);
}

Err plan_statement(const PlanRow *row, Arena *arena, Str *ret)
{
	Inputs *inputs;
	TRY(read_inputs(row, arena, &inputs));
	return pack(row, inputs, arena, ret);
}

// The columns that are asked about are those of the inputs.
static bool is_of(const PlanRow *row, const Inputs *inputs)
{
	Str snapshot = str_n((const char *)inputs->snapshot_digest.data, inputs->snapshot_digest.len);
	return str_eq(str(inputs->channel), row->channel) && str_eq(snapshot, digest_bytes(&row->snapshot)) &&
	       inputs->state_time_us == row->begins_us;
}

Err plan_statement_fits(const PlanRow *row, Arena *arena, bool *ret)
{
	Inputs *inputs;
	Str made;
	Err e = read_inputs(row, arena, &inputs);
	*ret = false;
	if (e != OK)
		return e == ERR_NO_MEMORY ? e : OK; // nobody would have signed that
	TRY(pack(row, inputs, arena, &made));
	*ret = is_of(row, inputs) && str_eq(made, row->statement);
	return OK;
}
