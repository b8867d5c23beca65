// One comparison of an attribute with constants becomes ranges of the attribute's keys.
#include "decide/index_ranges.h"
#include "decide/index_terms.h"
#include "decide/index_values.h"

enum { SLOTS_MAX = 0xffff };

static const int64_t exact_max = INT64_C(1) << 53; // integers that doubles tell apart

static uint32_t as_of_slot(const TermReader *reader)
{
	return (uint32_t)reader->level->schema->count;
}

// The kind of keys that a slot has; EXPR_ERROR: none.
static ExprType slot_type(const TermReader *reader, uint32_t slot)
{
	return slot == as_of_slot(reader) ? (ExprType){EXPR_TIMESTAMP, EXPR_ERROR}
	                                  : reader->level->schema->attributes[slot].type;
}

static bool int_span(ExprValue value, KeyRange *ret)
{
	if (value.kind == EXPR_UINT && value.u <= INT64_MAX)
		value = expr_int((int64_t)value.u);
	if (value.kind == EXPR_INT)
		*ret = (KeyRange){value.i, value.i};
	else if (value.kind == EXPR_DOUBLE && fabs(value.d) < (double)exact_max)
		*ret = (KeyRange){(int64_t)ceil(value.d), (int64_t)floor(value.d)};
	else
		return false;
	return true;
}

static bool double_span(ExprValue value, KeyRange *ret)
{
	double number = value.kind == EXPR_INT      ? (double)value.i
	                : value.kind == EXPR_UINT   ? (double)value.u
	                : value.kind == EXPR_DOUBLE ? value.d
	                                            : NAN;
	ret->low = ret->high = key_of_double(number);
	return !isnan(number);
}

static bool time_span(const TermReader *reader, uint32_t slot, ExprValue value, KeyRange *ret)
{
	int64_t key;
	if (value.kind != EXPR_TIMESTAMP || !key_of_time(value, &key) || key % 2 != 0)
		return false;
	if (slot == as_of_slot(reader))
		key /= 2;
	*ret = (KeyRange){key, key};
	return true;
}

// The keys of the values that equal the constant: none if low is above high, and then what is less is below
// low. False if the constant has no place among the keys.
static bool span_of(TermReader *reader, uint32_t slot, ExprValue value, KeyRange *ret)
{
	switch (slot_type(reader, slot).kind) {
	case EXPR_BOOL:
		*ret = (KeyRange){value.b, value.b};
		return value.kind == EXPR_BOOL;
	case EXPR_INT:
		return int_span(value, ret);
	case EXPR_DOUBLE:
		return double_span(value, ret);
	case EXPR_TIMESTAMP:
		return time_span(reader, slot, value, ret);
	case EXPR_STRING:
		if (value.kind != EXPR_STRING)
			return false;
		uint32_t number = texts_add(
		        reader->texts, reader->level->base + slot, str_n(value.s, value.len), reader->arena);
		*ret = (KeyRange){number, number};
		return number != UINT32_MAX;
	default:
		return false;
	}
}

// All keys that compare: of doubles not NaN's.
static KeyRange comparable(const TermReader *reader, uint32_t slot)
{
	if (slot_type(reader, slot).kind == EXPR_DOUBLE)
		return (KeyRange){key_of_double(-INFINITY), key_of_double(INFINITY)};
	return (KeyRange){INT64_MIN, INT64_MAX};
}

static Ranges related(Opcode opcode, KeyRange span, KeyRange domain, Arena *arena)
{
	switch (opcode) {
	case OP_EQ:
		return ranges_one(span, arena);
	case OP_NE:
		return ranges_complement(ranges_one(span, arena), arena);
	case OP_LT:
		return span.low == INT64_MIN ? (Ranges){0}
		                             : ranges_one((KeyRange){domain.low, span.low - 1}, arena);
	case OP_LE:
		return ranges_one((KeyRange){domain.low, span.high}, arena);
	case OP_GT:
		return span.high == INT64_MAX ? (Ranges){0}
		                              : ranges_one((KeyRange){span.high + 1, domain.high}, arena);
	default:
		return ranges_one((KeyRange){span.low, domain.high}, arena);
	}
}

static bool finish(uint32_t slot, Ranges ranges, Predicate *ret)
{
	*ret = (Predicate){.ranges = ranges.items, .count = ranges.count, .slot = (uint16_t)slot};
	if (ranges_failed(ranges))
		return false;
	if (ranges.count > 0)
		ret->first = ranges.items[0];
	return true;
}

static bool slot_of(const TermReader *reader, const Tree *tree, uint32_t *ret)
{
	*ret = tree->kind == TREE_NOW ? as_of_slot(reader) : tree->slot;
	return (tree->kind == TREE_SLOT || tree->kind == TREE_NOW) && *ret < SLOTS_MAX;
}

static bool read_relation(TermReader *reader, const Tree *tree, Predicate *ret)
{
	static const Opcode turned[] = {OP_EQ, OP_NE, OP_GT, OP_GE, OP_LT, OP_LE};
	const Tree *left = tree->left, *right = tree->right;
	Opcode opcode = tree->opcode;
	uint32_t slot;
	KeyRange span;
	if (left->kind == TREE_CONST) {
		left = tree->right;
		right = tree->left;
		opcode = turned[opcode - OP_EQ];
	}
	if (right->kind != TREE_CONST || !slot_of(reader, left, &slot) ||
	        !span_of(reader, slot, right->value, &span))
		return false;
	if (slot_type(reader, slot).kind == EXPR_STRING && opcode != OP_EQ && opcode != OP_NE)
		return false; // the numbers of texts have no order
	return finish(slot, related(opcode, span, comparable(reader, slot), reader->scratch), ret);
}

static bool read_set(TermReader *reader, const Tree *tree, Predicate *ret)
{
	uint32_t slot;
	Ranges ranges = {0};
	if (!slot_of(reader, tree->left, &slot))
		return false;
	for (uint32_t i = 0; i < tree->value.len; i++) {
		KeyRange span;
		if (!span_of(reader, slot, constant_at(&reader->tree.view, (uint32_t)tree->value.u + i),
		            &span))
			return false;
		ranges = ranges_unite(ranges, ranges_one(span, reader->scratch), reader->scratch);
	}
	return finish(slot, ranges, ret);
}

static bool read_member(TermReader *reader, const Tree *tree, Predicate *ret)
{
	uint32_t slot = tree->right->slot;
	if (tree->left->kind != TREE_CONST || tree->left->value.kind != EXPR_STRING ||
	        tree->right->kind != TREE_SLOT || slot >= SLOTS_MAX)
		return false;
	ExprType type = slot_type(reader, slot);
	if (type.kind != EXPR_LIST || type.element != EXPR_STRING)
		return false;
	uint32_t number = texts_add(reader->texts, reader->level->base + slot,
	        str_n(tree->left->value.s, tree->left->value.len), reader->arena);
	*ret = (Predicate){.first = {number, number}, .slot = (uint16_t)slot, .kind = PREDICATE_HAS};
	return number != UINT32_MAX;
}

bool literal_read(TermReader *reader, const Tree *tree, Predicate *ret, bool *has)
{
	*has = tree->kind == TREE_HAS;
	switch (tree->kind) {
	case TREE_HAS:
		return tree->slot < SLOTS_MAX && finish(tree->slot, ranges_all, ret);
	case TREE_SLOT:
		return tree->slot < SLOTS_MAX && slot_type(reader, tree->slot).kind == EXPR_BOOL &&
		       finish(tree->slot, ranges_one((KeyRange){1, 1}, reader->scratch), ret);
	case TREE_RELATION:
		return read_relation(reader, tree, ret);
	case TREE_SET:
		return read_set(reader, tree, ret);
	case TREE_IN:
		return read_member(reader, tree, ret);
	default:
		return false;
	}
}

Predicate literal_turned(TermReader *reader, const Predicate *literal, bool has)
{
	Predicate turned = *literal;
	turned.missing = has && !literal->missing;
	if (literal->kind != PREDICATE_IN) {
		turned.kind = literal->kind == PREDICATE_HAS ? PREDICATE_LACKS : PREDICATE_HAS;
		return turned;
	}
	Ranges ranges = ranges_complement((Ranges){literal->ranges, literal->count}, reader->scratch);
	turned.ranges = ranges.items;
	turned.count = ranges.count;
	if (ranges.count > 0 && ranges.items)
		turned.first = ranges.items[0];
	return turned;
}

bool literal_settle(Predicate *predicate, Arena *arena)
{
	if (predicate->count == 0) {
		predicate->ranges = NULL;
		return true;
	}
	KeyRange *ranges = ARENA_ARRAY(arena, KeyRange, predicate->count);
	if (!ranges)
		return false;
	memcpy(ranges, predicate->ranges, predicate->count * sizeof *ranges);
	predicate->ranges = ranges;
	return true;
}
