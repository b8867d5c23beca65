// Reading score programs, and computing what was read. Doubles are added in the program's order. Ints are
// computed as doubles as long as every number on the way is below 2^53, where both are exact; beyond that,
// and wherever an attribute is not what the schema says, the program runs.
#include "decide/score.h"
#include "base/cleanup.h"
#include "decide/index_terms.h"
#include "decide/index_values.h"

#include <stdlib.h>

static const double exact_max = 9007199254740992.0; // 2^53

typedef struct SumReader {
	const LevelSlots *level;
	ScoreSum sum;
	ExprKind kind; // of all numbers in it; EXPR_ERROR: not known yet
	uint32_t parts;
} SumReader;

static bool of_kind(SumReader *reader, ExprKind kind)
{
	if (reader->kind == EXPR_ERROR)
		reader->kind = kind;
	return reader->kind == kind && (kind == EXPR_INT || kind == EXPR_DOUBLE);
}

static bool read_constant(SumReader *reader, const Tree *tree, double *ret)
{
	if (tree->kind != TREE_CONST || !of_kind(reader, tree->value.kind))
		return false;
	*ret = tree->value.kind == EXPR_INT ? (double)tree->value.i : tree->value.d;
	return fabs(*ret) <= exact_max || tree->value.kind == EXPR_DOUBLE;
}

static bool read_slot(SumReader *reader, const Tree *tree, uint16_t *ret)
{
	bool converted = tree->kind == TREE_DOUBLE;
	if (converted)
		tree = tree->left;
	if (tree->kind != TREE_SLOT || tree->slot >= reader->level->schema->count || tree->slot >= UINT16_MAX)
		return false;
	ExprKind kind = reader->level->schema->attributes[tree->slot].type.kind;
	*ret = (uint16_t)tree->slot;
	return of_kind(reader, converted && kind == EXPR_INT ? EXPR_DOUBLE : kind);
}

// An attribute, a constant, or both multiplied.
static bool read_part(SumReader *reader, const Tree *tree, double sign)
{
	if (reader->parts == SCORE_PARTS)
		return false;
	double *factor = &reader->sum.factors[reader->parts];
	uint16_t *slot = &reader->sum.slots[reader->parts];
	reader->parts++;
	*factor = 1;
	*slot = (uint16_t)reader->level->schema->count;
	bool read;
	if (tree->kind == TREE_ARITHMETIC && tree->opcode == OP_MULTIPLY)
		read = (read_slot(reader, tree->left, slot) && read_constant(reader, tree->right, factor)) ||
		       (read_constant(reader, tree->left, factor) && read_slot(reader, tree->right, slot));
	else
		read = tree->kind == TREE_CONST ? read_constant(reader, tree, factor)
		                                : read_slot(reader, tree, slot);
	*factor *= sign;
	return read;
}

static bool read_sum(SumReader *reader, const Tree *tree)
{
	bool sum = tree->kind == TREE_ARITHMETIC && (tree->opcode == OP_ADD || tree->opcode == OP_SUBTRACT);
	if (!sum)
		return read_part(reader, tree, 1);
	return read_sum(reader, tree->left) &&
	       read_part(reader, tree->right, tree->opcode == OP_ADD ? 1 : -1);
}

static bool sum_of(const LevelSlots *level, const Tree *tree, ScoreSum *ret)
{
	SumReader reader = {.level = level, .kind = EXPR_ERROR};
	if (level->schema->count >= UINT16_MAX || !read_sum(&reader, tree))
		return false;
	for (uint32_t i = reader.parts; i < SCORE_PARTS; i++)
		reader.sum.slots[i] = (uint16_t)level->schema->count;
	reader.sum.parts = (uint8_t)reader.parts;
	reader.sum.whole = reader.kind == EXPR_INT;
	*ret = reader.sum;
	return true;
}

static bool choice_of(TermReader *reader, const Tree *tree, Arena *arena, ScoreForm *ret)
{
	ScoreChoice *choice = ARENA_NEW(arena, ScoreChoice);
	if (!choice || tree->kind != TREE_CHOICE || !sum_of(reader->level, tree->left, &ret->sum) ||
	        !sum_of(reader->level, tree->right, &choice->other) ||
	        !terms_literal(reader, tree->test, true, &choice->yes) ||
	        !terms_literal(reader, tree->test, false, &choice->no) ||
	        !literal_settle(&choice->yes, arena) || !literal_settle(&choice->no, arena))
		return false;
	ret->choice = choice;
	return true;
}

static void read_form(TermReader *reader, const ExprProgram *program, Arena *arena, ScoreForm *ret)
{
	const Tree *tree = tree_read(&reader->tree, program);
	*ret = (ScoreForm){.kind = SCORE_PROGRAM};
	if (tree->kind == TREE_CHOICE ? choice_of(reader, tree, arena, ret)
	                              : sum_of(reader->level, tree, &ret->sum))
		ret->kind = tree->kind == TREE_CHOICE ? SCORE_CHOICE : SCORE_SUM;
}

static int by_form(const void *left, const void *right)
{
	const ScoreForm *a = *(ScoreForm *const *)left, *b = *(ScoreForm *const *)right;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->sum.parts != b->sum.parts)
		return a->sum.parts < b->sum.parts ? -1 : 1;
	for (int i = 0; i < SCORE_PARTS; i++)
		if (a->sum.slots[i] != b->sum.slots[i])
			return a->sum.slots[i] < b->sum.slots[i] ? -1 : 1;
	for (int i = 0; i < SCORE_PARTS; i++)
		if (a->sum.factors[i] > b->sum.factors[i] || a->sum.factors[i] < b->sum.factors[i])
			return a->sum.factors[i] > b->sum.factors[i] ? -1 : 1;
	return (a > b) - (a < b);
}

Err scores_build(Conditions *conditions, const ConditionsInput *scorings, Arena *arena, const ScoreForm **ret)
{
	CLEANUP(arena_freep) Arena *scratch = arena_new(64 * 1024, 0);
	CLEANUP(arena_freep) Arena *each = arena_new(64 * 1024, 0);
	ScoreForm *forms = ARENA_ARRAY(arena, ScoreForm, scorings->count);
	ScoreForm **sorted = scratch ? ARENA_ARRAY(scratch, ScoreForm *, scorings->count) : NULL;
	TermReader *reader = scratch ? ARENA_NEW(scratch, TermReader) : NULL;
	if (!forms || !sorted || !reader || !each)
		return err(ERR_NO_MEMORY, "no memory for %u scores", scorings->count);
	*reader = (TermReader){.texts = &conditions->texts, .arena = arena, .scratch = each};
	for (uint32_t i = 0; i < scorings->count; i++) {
		arena_reset(each);
		reader->level = &conditions->levels[scorings->levels[i]];
		read_form(reader, &scorings->programs[i], arena, &forms[i]);
		sorted[i] = &forms[i];
	}
	if (scorings->count)
		qsort(sorted, scorings->count, sizeof *sorted, by_form);
	for (uint32_t i = 0; i < scorings->count; i++)
		sorted[i]->order = i;
	*ret = forms;
	return OK;
}

// --- computing ---

static ScoreState compute_sum(const ScoreSum *sum, Traits *traits, double *ret)
{
	double value = 0, size = 0;
	ScoreState state = SCORE_KNOWN;
	for (uint32_t i = 0; i < sum->parts; i++) {
		KeyState known = traits_read_number(traits, sum->slots[i]);
		if (known == KEY_ODD)
			return SCORE_ASK_PROGRAM;
		if (known == KEY_MISSING)
			state = SCORE_FAILED;
		double part = traits->numbers[sum->slots[i]] * sum->factors[i];
		value += part;
		size += fabs(part);
	}
	if (state == SCORE_FAILED)
		return state;
	if (sum->whole && !(size < exact_max))
		return SCORE_ASK_PROGRAM;
	*ret = value == 0 ? 0 : value; // not -0
	return isfinite(value) ? SCORE_KNOWN : SCORE_FAILED;
}

ScoreState score_compute(const ScoreForm *form, Traits *traits, double *ret)
{
	if (form->kind == SCORE_SUM)
		return compute_sum(&form->sum, traits, ret);
	if (form->kind == SCORE_PROGRAM)
		return SCORE_ASK_PROGRAM;
	Answer yes = traits_predicate(traits, &form->choice->yes);
	if (yes == ANSWER_PROGRAM)
		return SCORE_ASK_PROGRAM;
	if (yes == ANSWER_YES)
		return compute_sum(&form->sum, traits, ret);
	if (traits_predicate(traits, &form->choice->no) != ANSWER_YES)
		return SCORE_FAILED;
	return compute_sum(&form->choice->other, traits, ret);
}

static double bound_of(const ScoreRun *run, Traits *traits)
{
	double bound = 0, size = 0;
	if (!run->bounded)
		return INFINITY;
	for (uint32_t i = 0; i < run->high.parts; i++) {
		uint16_t slot = run->high.slots[i];
		KeyState known = traits_read_number(traits, slot);
		if (known != KEY_READ)
			return known == KEY_MISSING ? -INFINITY : INFINITY;
		double low = traits->numbers[slot] * run->low.factors[i];
		double high = traits->numbers[slot] * run->high.factors[i];
		bound += low > high ? low : high;
		size += fabs(low) + fabs(high);
	}
	return size < exact_max ? bound : INFINITY; // NaN too
}

// The numbers of all simple runs; NaN is one that is not known.
static void read_numbers(const ScoreRuns *runs, Traits *traits)
{
	double *numbers = traits->numbers;
	const ExprValue *values = traits->values;
	const ExprAttribute *attributes = traits->attributes;
	for (const uint16_t *next = runs->slots, *end = next + runs->slot_count; next < end; next++) {
		uint16_t slot = *next;
		int64_t value = (int32_t)values[slot].i;
		if (__builtin_expect(values[slot].kind == EXPR_INT && value == values[slot].i &&
		                             attributes[slot].type.kind == EXPR_INT,
		            1))
			numbers[slot] = (double)value;
		else if (traits_read_number(traits, slot) != KEY_READ)
			numbers[slot] = NAN;
	}
}

void score_bounds(const ScoreRuns *runs, Traits *traits, double *ret)
{
	const double *numbers = traits->numbers;
	const ScoreReach *reach = runs->reaches, *end = reach + runs->count;
	read_numbers(runs, traits);
	for (; reach < end; reach++, ret++) {
		double number = numbers[reach->slot];
		double low = number * reach->least, high = number * reach->most;
		*ret = low > high ? low : high;
		if (!(fabs(number) * reach->size < exact_max)) // NaN is among these
			*ret = bound_of(&runs->items[reach - runs->reaches], traits);
	}
}
