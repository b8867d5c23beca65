// Conditions, each read once however many rules have it. Reading happens in an arena of its own; only what
// came of it is kept.
#include "validate/logic_internal.h"

#include "base/cleanup.h"
#include "decide/plan.h"
#include "snapshot/snapshot.h"

enum { WORK_BLOCK = 32 * 1024 };

Err logic_no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory to analyse the channel");
}

// --- the level ---

// An attribute that nothing sets has its default for ever. Without a default nobody has it; that is told of
// the attribute itself, and here anything is taken to be possible.
static Domain attribute_values(Logic *logic, size_t slot, bool settable)
{
	const SnapAttribute *attribute = logic->level->attributes[slot];
	ExprKind kind = logic->schema.attributes[slot].type.kind;
	Domain values = domain_kind(kind) ? domain_all(kind, logic->arena) : domain_none(kind);
	if (domain_kind(kind) && !settable && attribute->default_value)
		values = domain_value(
		        kind, plan_constant(attribute->default_value, logic->arena), logic->arena);
	values.missing = !attribute->default_value;
	return values;
}

Err logic_new(const SnapLevel *level, const bool *settable, Arena *arena, Logic **ret)
{
	Logic *logic = ARENA_NEW(arena, Logic);
	if (!logic)
		return logic_no_memory();
	*logic = (Logic){.arena = arena,
	        .level = level,
	        .settable = settable,
	        .term_names = {.arena = arena},
	        .sources = {.arena = arena},
	        .slot_words = level->n_attributes / 64 + 1,
	        .values = ARENA_ARRAY(arena, Domain, level->n_attributes + 1)};
	if (!logic->values)
		return logic_no_memory();
	TRY(snapshot_schema(level, arena, &logic->schema));
	for (size_t i = 0; i < level->n_attributes; i++) {
		logic->values[i] = attribute_values(logic, i, settable[i]);
		if (logic->values[i].lost)
			return logic_no_memory();
	}
	*ret = logic;
	return OK;
}

// --- conditions ---

static bool is_timely(const Logic *logic, const Formula *formula)
{
	for (uint32_t i = 0; i < formula->count; i++) {
		for (uint32_t j = 0; j < formula->cases[i].count; j++) {
			if (logic->terms[formula->cases[i].literals[j].term].timely)
				return true;
		}
	}
	return false;
}

// The attribute that nothing is left for; -1 if it is not just one, or something else.
static int clash_of(const Logic *logic, const Formula *formula)
{
	bool one = formula->clash != CLASH_NONE && formula->clash != CLASH_SEVERAL;
	return one ? logic->terms[formula->clash].slot : -1;
}

static Err make(Logic *logic, const Formula *formula, Condition **ret)
{
	Condition *made = ARENA_NEW(logic->arena, Condition);
	if (!made || formula->lost)
		return logic_no_memory();
	*made = (Condition){.holds = formula_copy(formula, logic->arena)};
	made->never = formula_is_never(formula);
	made->timely = is_timely(logic, formula);
	int clash = made->never ? clash_of(logic, formula) : -1;
	if (clash >= 0) {
		made->clash = logic->level->attributes[clash]->name;
		made->clash_fixed = !logic->settable[clash];
	}
	*ret = made;
	return made->holds.lost ? logic_no_memory() : OK;
}

static Err analyse(Reading *reading, const char *source, ExprKind expected)
{
	Compilation *c = reading->compilation;
	*c = (Compilation){.arena = reading->work, .schema = &reading->logic->schema, .source = str(source)};
	return expr_analyse(c, expected);
}

static Err find_dead(Reading *reading, const Node *root, Condition *made)
{
	uint32_t number = 0;
	if (root->kind != NODE_ANY)
		return OK;
	made->alternatives = root->count;
	for (const Node *child = root->first; child && !made->dead; child = child->next) {
		Formula holds = read_formula(reading, child, true);
		number++;
		if (formula_is_never(&holds))
			made->dead = number;
	}
	return reading->failed;
}

static Err read_condition(Logic *logic, const char *source, Condition **ret)
{
	CLEANUP(arena_freep) Arena *work = arena_new(WORK_BLOCK, 0);
	Compilation compilation;
	Reading reading = {.logic = logic, .compilation = &compilation, .work = work};
	uint64_t *slots = ARENA_ARRAY(logic->arena, uint64_t, logic->slot_words);
	if (!work || !slots)
		return logic_no_memory();
	TRY(analyse(&reading, source, EXPR_BOOL));
	const Node *root = compilation.root;
	Formula holds = read_formula(&reading, root, true), fails = read_formula(&reading, root, false);
	TRY(reading.failed);
	TRY(make(logic, &holds, ret));
	node_slots(root, slots);
	(*ret)->slots = slots;
	(*ret)->source = source;
	(*ret)->timely = node_is_timely(root);
	(*ret)->always =
	        formula_is_always(&holds) || (formula_is_never(&fails) && node_is_total(&reading, root));
	(*ret)->literal = root->kind == NODE_LITERAL;
	return find_dead(&reading, root, *ret);
}

static Err keep(Logic *logic, uint32_t number, const Condition *condition)
{
	if (number >= logic->condition_room) {
		uint32_t room = logic->condition_room ? 2 * logic->condition_room : 64;
		const Condition **conditions = ARENA_ARRAY(logic->arena, const Condition *, room);
		if (!conditions)
			return logic_no_memory();
		if (logic->condition_room)
			memcpy(conditions, logic->conditions, logic->condition_room * sizeof *conditions);
		logic->conditions = conditions;
		logic->condition_room = room;
	}
	logic->conditions[number] = condition;
	return OK;
}

Err logic_condition(Logic *logic, const SnapExpression *expression, const Condition **ret)
{
	uint32_t number;
	bool is_new;
	Condition *made = NULL;
	// The empty text is no expression: it stands for the one that is not there.
	const char *source = expression ? expression->source : "";
	TRY(numbering_add(&logic->sources, str(source), &number, &is_new));
	if (!is_new) {
		*ret = logic->conditions[number];
		return OK;
	}
	if (expression) {
		TRY(read_condition(logic, source, &made));
	} else {
		Formula always = formula_always(logic->arena);
		TRY(make(logic, &always, &made));
		made->always = true;
	}
	*ret = made;
	return keep(logic, number, made);
}

// --- several ---

static Err combine(Logic *logic, const Formula *a, const Formula *b,
        Formula (*how)(const Formula *a, const Formula *b, Arena *arena), const Condition **ret)
{
	CLEANUP(arena_freep) Arena *work = arena_new(WORK_BLOCK, 0);
	Condition *made = NULL;
	if (!work)
		return logic_no_memory();
	Formula combined = how(a, b, work);
	TRY(make(logic, &combined, &made));
	made->always = formula_is_always(&combined);
	*ret = made;
	return OK;
}

Err logic_both(Logic *logic, const Condition *a, const Condition *b, const Condition **ret)
{
	*ret = a->always ? b : a;
	return a->always || b->always ? OK : combine(logic, &a->holds, &b->holds, formula_both, ret);
}

Err logic_either(Logic *logic, const Condition *a, const Condition *b, const Condition **ret)
{
	return combine(logic, &a->holds, &b->holds, formula_either, ret);
}

static bool drop_timely(void *context, uint32_t term)
{
	const Logic *logic = context;
	return logic->terms[term].timely;
}

Err logic_then(Logic *logic, const Condition *a, const Condition *b, const Condition **ret)
{
	CLEANUP(arena_freep) Arena *work = arena_new(WORK_BLOCK, 0);
	if (!a->timely || a->never)
		return logic_both(logic, a, b, ret);
	if (!work)
		return logic_no_memory();
	Formula earlier = formula_without(&a->holds, drop_timely, logic, work);
	return combine(logic, &earlier, &b->holds, formula_both, ret);
}

typedef struct Forgotten {
	const Logic *logic;
	uint32_t slot;
} Forgotten;

static bool drop_slot(void *context, uint32_t term)
{
	const Forgotten *forgotten = context;
	const uint64_t *slots = forgotten->logic->terms[term].slots;
	return slots[forgotten->slot / 64] >> (forgotten->slot % 64) & 1;
}

Err logic_forget(Logic *logic, const Condition *a, uint32_t slot, const Condition **ret)
{
	CLEANUP(arena_freep) Arena *work = arena_new(WORK_BLOCK, 0);
	Forgotten forgotten = {logic, slot};
	Condition *made = NULL;
	if (!work)
		return logic_no_memory();
	Formula left = formula_without(&a->holds, drop_slot, &forgotten, work);
	TRY(make(logic, &left, &made));
	*ret = made;
	return OK;
}

bool logic_implies(const Condition *a, const Condition *b)
{
	return b->always || a == b || formula_implies(&a->holds, &b->holds);
}
