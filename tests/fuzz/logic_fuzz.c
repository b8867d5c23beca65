// Any text as two conditions, one a line: whatever is said of them ("never", "always", "implies") holds for
// the visitors that are tried.
#include "expr/expr.h"
#include "fuzz.h"
#include "validate/logic.h"

#include <math.h>
#include <stdlib.h>

enum { I, D, S, B, TAGS, SLOTS };

static const struct {
	const char *name;
	Parley__Snapshot__V1__ValueType type;
} declared[SLOTS] = {
        [I] = {"i", SNAP_TYPE(INT)},
        [D] = {"d", SNAP_TYPE(DOUBLE)},
        [S] = {"s", SNAP_TYPE(STRING)},
        [B] = {"b", SNAP_TYPE(BOOL)},
        [TAGS] = {"tags", SNAP_TYPE(STRING_LIST)},
};
static const ExprAttribute attributes[SLOTS] = {
        [I] = {STR("i"), {EXPR_INT, EXPR_ERROR}},
        [D] = {STR("d"), {EXPR_DOUBLE, EXPR_ERROR}},
        [S] = {STR("s"), {EXPR_STRING, EXPR_ERROR}},
        [B] = {STR("b"), {EXPR_BOOL, EXPR_ERROR}},
        [TAGS] = {STR("tags"), {EXPR_LIST, EXPR_STRING}},
};

typedef struct Side {
	const Condition *condition;
	ExprProgram program;
} Side;

static bool make_logic(Arena *arena, Logic **ret)
{
	static const bool settable[SLOTS] = {true, true, true, true, true};
	SnapLevel *level = ARENA_NEW(arena, SnapLevel);
	SnapAttribute *all = ARENA_ARRAY(arena, SnapAttribute, SLOTS);
	SnapAttribute **listed = ARENA_ARRAY(arena, SnapAttribute *, SLOTS);
	if (!level || !all || !listed)
		return false;
	parley__snapshot__v1__audience_level__init(level);
	for (size_t i = 0; i < SLOTS; i++) {
		parley__snapshot__v1__attribute__init(&all[i]);
		all[i].name = (char *)(uintptr_t)declared[i].name;
		all[i].type = declared[i].type;
		listed[i] = &all[i];
	}
	level->n_attributes = SLOTS;
	level->attributes = listed;
	return logic_new(level, settable, arena, ret) == OK;
}

static bool read_side(Logic *logic, Str source, Arena *arena, Side *ret)
{
	const ExprSchema schema = {attributes, SLOTS};
	SnapExpression *expression = ARENA_NEW(arena, SnapExpression);
	if (!expression || memchr(source.ptr, 0, source.len) ||
	        expr_compile(&schema, source, EXPR_BOOL, arena, &ret->program))
		return false;
	parley__snapshot__v1__expression__init(expression);
	expression->source = arena_cstr(arena, source);
	return expression->source && logic_condition(logic, expression, &ret->condition) == OK;
}

// 1: true; 0: false or failed; -1: cut short, which says nothing.
static int ask(const Side *side, const ExprValue *values, Arena *scratch)
{
	arena_reset(scratch);
	ExprScratch room = {scratch, 100000};
	ExprValue value = expr_eval(&side->program, values, 0, &room);
	if (value.kind == EXPR_ERROR && (value.error == EXPR_ERR_FUEL || value.error == EXPR_ERR_MEMORY))
		return -1;
	return value.kind == EXPR_BOOL && value.b;
}

static void try_visitor(const Side sides[2], const Condition *both, uint32_t number, Arena *scratch)
{
	static const double doubles[] = {0, 1.5, -2, (double)NAN};
	const ExprValue tags[] = {expr_string(STR("a")), expr_string(STR("b"))};
	const ExprValue values[SLOTS] = {
	        [I] = number & 1 ? expr_int((int64_t)(number >> 1 & 7) - 2) : expr_missing(I),
	        [D] = number & 2 ? expr_double(doubles[number >> 2 & 3]) : expr_missing(D),
	        [S] = number & 4 ? expr_string(number & 8 ? STR("a") : STR("")) : expr_missing(S),
	        [B] = number & 16 ? expr_bool(number & 32) : expr_missing(B),
	        [TAGS] = number & 64 ? expr_list(tags, number >> 1 & 1) : expr_missing(TAGS),
	};
	int holds[2];
	for (size_t i = 0; i < 2; i++) {
		holds[i] = ask(&sides[i], values, scratch);
		if ((holds[i] == 1 && sides[i].condition->never) || (!holds[i] && sides[i].condition->always))
			abort();
	}
	if (holds[0] == 1 && holds[1] == 1 && both->never)
		abort();
	if (holds[0] == 1 && !holds[1] && logic_implies(sides[0].condition, sides[1].condition))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *text = (const char *)bytes;
	const char *line = len ? memchr(text, '\n', len) : NULL;
	Arena *arena = arena_new(16 * 1024, 0), *scratch = arena_new(4096, 1 << 20);
	Side sides[2];
	Logic *logic;
	const Condition *both;
	if (line && arena && scratch && make_logic(arena, &logic) &&
	        read_side(logic, str_n(text, (size_t)(line - text)), arena, &sides[0]) &&
	        read_side(logic, str_n(line + 1, len - (size_t)(line - text) - 1), arena, &sides[1]) &&
	        logic_both(logic, sides[0].condition, sides[1].condition, &both) == OK) {
		for (uint32_t i = 0; i < 128; i++)
			try_visitor(sides, both, i, scratch);
	}
	arena_free(arena);
	arena_free(scratch);
	return 0;
}
