// From a tree to terms. "Not" is turned inwards: what is asked of each tree is where it is true, or where it
// is false; where it is neither, in an error, grants nothing either way. What would need too many terms is
// left to the program, and what else the condition asks still holds.
#include "decide/index_terms.h"
#include "decide/index_ranges.h"

// A longer program might run out of fuel where its predicates do not.
enum { INSTRUCTIONS_MAX = 256 };

static void leave_to_program(Drafts *drafts)
{
	for (uint32_t i = 0; i < drafts->count; i++)
		drafts->items[i].program = true;
}

// Both must hold, or one of both, of the same attribute. False if that cannot be said in ranges.
static bool combine(TermReader *reader, Predicate *to, const Predicate *with, bool both)
{
	if (to->kind != PREDICATE_IN || with->kind != PREDICATE_IN || to->slot != with->slot)
		return false;
	Ranges a = {to->ranges, to->count}, b = {with->ranges, with->count};
	Ranges ranges = both ? ranges_intersect(a, b, reader->scratch) : ranges_unite(a, b, reader->scratch);
	if (ranges_failed(ranges))
		return false;
	to->missing = both ? to->missing && with->missing : to->missing || with->missing;
	to->ranges = ranges.items;
	to->count = ranges.count;
	if (ranges.count > 0)
		to->first = ranges.items[0];
	return true;
}

static bool can_hold(const Predicate *literal)
{
	return literal->kind != PREDICATE_IN || literal->count > 0 || literal->missing;
}

// False if the term can never be true now.
static bool add_literal(TermReader *reader, Draft *draft, const Predicate *literal)
{
	if (ranges_failed((Ranges){literal->ranges, literal->count})) {
		draft->program = true;
		return true;
	}
	for (uint32_t i = 0; i < draft->count; i++)
		if (combine(reader, &draft->literals[i], literal, true))
			return can_hold(&draft->literals[i]);
	if (draft->count == DRAFT_LITERALS)
		draft->program = true;
	else
		draft->literals[draft->count++] = *literal;
	return can_hold(literal);
}

static void add_to_all(TermReader *reader, Drafts *drafts, const Predicate *literal)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < drafts->count; i++) {
		if (!add_literal(reader, &drafts->items[i], literal))
			continue;
		if (kept != i)
			drafts->items[kept] = drafts->items[i];
		kept++;
	}
	drafts->count = kept;
}

bool terms_literal(TermReader *reader, const Tree *tree, bool wanted, Predicate *ret)
{
	bool has;
	if (tree->kind == TREE_NOT)
		return terms_literal(reader, tree->left, !wanted, ret);
	if (tree->kind == TREE_AND || tree->kind == TREE_OR) {
		Predicate other;
		return terms_literal(reader, tree->left, wanted, ret) &&
		       terms_literal(reader, tree->right, wanted, &other) &&
		       combine(reader, ret, &other, (tree->kind == TREE_AND) == wanted);
	}
	if (!literal_read(reader, tree, ret, &has))
		return false;
	if (!wanted)
		*ret = literal_turned(reader, ret, has);
	return !ranges_failed((Ranges){ret->ranges, ret->count});
}

static void constrain(TermReader *reader, Drafts *drafts, const Tree *tree, bool wanted);

// One of both sides: as many terms more.
static void alternatives(TermReader *reader, Drafts *drafts, const Tree *tree, bool wanted)
{
	Drafts *sides = ARENA_ARRAY(reader->scratch, Drafts, 3);
	if (!sides) {
		leave_to_program(drafts);
		return;
	}
	sides[0].count = sides[1].count = 1;
	constrain(reader, &sides[0], tree->left, wanted);
	constrain(reader, &sides[1], tree->right, wanted);
	uint32_t ways = sides[0].count + sides[1].count;
	if (ways * drafts->count > DRAFT_TERMS) {
		leave_to_program(drafts);
		return;
	}
	Drafts *product = &sides[2];
	for (uint32_t i = 0; i < drafts->count; i++) {
		for (uint32_t way = 0; way < ways; way++) {
			bool left = way < sides[0].count;
			const Draft *side =
			        left ? &sides[0].items[way] : &sides[1].items[way - sides[0].count];
			Draft *made = &product->items[product->count];
			bool possible = true;
			*made = drafts->items[i];
			made->program = made->program || side->program;
			for (uint32_t k = 0; k < side->count && possible; k++)
				possible = add_literal(reader, made, &side->literals[k]);
			product->count += possible;
		}
	}
	*drafts = *product;
}

static void constrain(TermReader *reader, Drafts *drafts, const Tree *tree, bool wanted)
{
	Predicate literal;
	if (tree->kind == TREE_NOT) {
		constrain(reader, drafts, tree->left, !wanted);
	} else if (tree->kind == (wanted ? TREE_AND : TREE_OR)) {
		constrain(reader, drafts, tree->left, wanted);
		constrain(reader, drafts, tree->right, wanted);
	} else if (tree->kind == TREE_CONST && tree->value.kind == EXPR_BOOL) {
		if (tree->value.b != wanted)
			drafts->count = 0;
	} else if (terms_literal(reader, tree, wanted, &literal)) {
		add_to_all(reader, drafts, &literal);
	} else if (tree->kind == (wanted ? TREE_OR : TREE_AND)) {
		alternatives(reader, drafts, tree, wanted);
	} else {
		leave_to_program(drafts);
	}
}

void terms_read(TermReader *reader, const ExprProgram *program, Drafts *ret)
{
	ret->count = 1;
	ret->items[0].count = 0;
	ret->items[0].program = false;
	const Tree *tree = tree_read(&reader->tree, program);
	bool too_long = reader->tree.view.header.instructions > INSTRUCTIONS_MAX;
	if (program->type.kind != EXPR_BOOL || too_long) {
		leave_to_program(ret);
		return;
	}
	constrain(reader, ret, tree, true);
	// What the program does besides its predicates takes fuel, and then no term is enough by itself.
	if (reader->tree.opaque)
		leave_to_program(ret);
}
