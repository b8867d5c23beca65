// What an expression means, by the language's definition and expr/README.md: trees are walked, every operator
// is one case, an error goes up unless && or || absorb it.
#include "ast.h"

static ExprValue eval(AstRun *run, const Node *node);

static ExprValue failed(AstRun *run, ExprValue error)
{
	static const struct {
		ExprError error;
		CoverRow row;
	} rows[] = {
	        {EXPR_ERR_ATTRIBUTE_MISSING, COVER_EXPR_MISSING},
	        {EXPR_ERR_DIVIDE_BY_ZERO, COVER_EXPR_DIVIDE_BY_ZERO},
	        {EXPR_ERR_MODULUS_BY_ZERO, COVER_EXPR_MODULUS_BY_ZERO},
	        {EXPR_ERR_OVERFLOW, COVER_EXPR_OVERFLOW},
	        {EXPR_ERR_RANGE, COVER_EXPR_RANGE},
	        {EXPR_ERR_FUEL, COVER_EXPR_FUEL},
	};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		if (rows[i].error == error.error)
			cover_row(run->cover, rows[i].row);
	return error;
}

static bool is_bool(ExprValue value, bool b)
{
	return value.kind == EXPR_BOOL && value.b == b;
}

// The side that decides wins over an error on the other side, whichever it is; of two errors the first
// counts.
static ExprValue logic(AstRun *run, const Node *node, bool decides)
{
	ExprValue left = eval(run, node->child[0]);
	if (is_bool(left, decides))
		return left;
	ExprValue right = eval(run, node->child[1]);
	if (is_bool(right, decides)) {
		if (left.kind == EXPR_ERROR)
			cover_row(
			        run->cover, decides ? COVER_EXPR_ABSORBED_BY_OR : COVER_EXPR_ABSORBED_BY_AND);
		return right;
	}
	return left.kind == EXPR_ERROR ? left : right;
}

static ExprValue choice(AstRun *run, const Node *node)
{
	ExprValue test = eval(run, node->child[0]);
	if (test.kind == EXPR_ERROR)
		return test;
	return eval(run, node->child[test.b ? 1 : 2]);
}

// --- relations ---

typedef struct Order {
	bool known; // false beside NaN
	int sign;
} Order;

// Beside a double an int counts as the nearest double: the language says so.
static Order order_numbers(ExprValue a, ExprValue b)
{
	if (a.kind == EXPR_INT && b.kind == EXPR_INT)
		return (Order){true, (a.i > b.i) - (a.i < b.i)};
	double x = a.kind == EXPR_INT ? (double)a.i : a.d;
	double y = b.kind == EXPR_INT ? (double)b.i : b.d;
	return (Order){x <= y || x > y, (x > y) - (x < y)};
}

static Order order_texts(ExprValue a, ExprValue b)
{
	uint32_t common = a.len < b.len ? a.len : b.len;
	for (uint32_t i = 0; i < common; i++)
		if (a.s[i] != b.s[i])
			return (Order){true, (uint8_t)a.s[i] < (uint8_t)b.s[i] ? -1 : 1};
	return (Order){true, (a.len > b.len) - (a.len < b.len)};
}

static Order order(ExprValue a, ExprValue b)
{
	switch (a.kind) {
	case EXPR_INT:
	case EXPR_DOUBLE:
		return order_numbers(a, b);
	case EXPR_STRING:
		return order_texts(a, b);
	case EXPR_TIMESTAMP:
		if (a.seconds != b.seconds)
			return (Order){true, a.seconds < b.seconds ? -1 : 1};
		return (Order){true, (a.nanos > b.nanos) - (a.nanos < b.nanos)};
	case EXPR_LIST:
		for (uint32_t i = 0; i < a.len && i < b.len; i++)
			if (order_texts(a.items[i], b.items[i]).sign)
				return (Order){true, 1};
		return (Order){true, a.len != b.len};
	default:
		return (Order){true, a.b != b.b};
	}
}

static ExprValue relation(AstRun *run, const Node *node)
{
	ExprValue a = eval(run, node->child[0]), b = eval(run, node->child[1]);
	if (a.kind == EXPR_ERROR)
		return a;
	if (b.kind == EXPR_ERROR)
		return b;
	Order found = order(a, b);
	switch (node->kind) {
	case NODE_EQUAL:
		return value_of_bool(found.known && found.sign == 0);
	case NODE_NOT_EQUAL:
		return value_of_bool(!found.known || found.sign != 0);
	case NODE_LESS:
		return value_of_bool(found.known && found.sign < 0);
	case NODE_LESS_EQUAL:
		return value_of_bool(found.known && found.sign <= 0);
	case NODE_GREATER:
		return value_of_bool(found.known && found.sign > 0);
	default:
		return value_of_bool(found.known && found.sign >= 0);
	}
}

static ExprValue membership(AstRun *run, const Node *node)
{
	ExprValue x = eval(run, node->child[0]), list = eval(run, node->child[1]);
	if (x.kind == EXPR_ERROR)
		return x;
	if (list.kind == EXPR_ERROR)
		return list;
	for (uint32_t i = 0; i < list.len; i++) {
		Order found = order(x, list.items[i]);
		if (found.known && found.sign == 0)
			return value_of_bool(true);
	}
	return value_of_bool(false);
}

// --- arithmetic ---

static ExprValue int_result(AstRun *run, __int128 exact)
{
	if (exact > INT64_MAX || exact < INT64_MIN)
		return failed(run, value_error(EXPR_ERR_OVERFLOW));
	return value_of_int((int64_t)exact);
}

static ExprValue int_arithmetic(AstRun *run, NodeKind kind, __int128 a, __int128 b)
{
	if (b == 0 && kind == NODE_DIVIDE)
		return failed(run, value_error(EXPR_ERR_DIVIDE_BY_ZERO));
	if (b == 0 && kind == NODE_MODULUS)
		return failed(run, value_error(EXPR_ERR_MODULUS_BY_ZERO));
	switch (kind) {
	case NODE_ADD:
		return int_result(run, a + b);
	case NODE_SUBTRACT:
		return int_result(run, a - b);
	case NODE_MULTIPLY:
		return int_result(run, a * b);
	case NODE_DIVIDE:
		return int_result(run, a / b);
	default: // what has no quotient has no remainder either
		return a == INT64_MIN && b == -1 ? int_result(run, -a) : int_result(run, a % b);
	}
}

static double double_arithmetic(NodeKind kind, double a, double b)
{
	switch (kind) {
	case NODE_ADD:
		return a + b;
	case NODE_SUBTRACT:
		return a - b;
	case NODE_MULTIPLY:
		return a * b;
	default:
		return a / b;
	}
}

static ExprValue concatenate(AstRun *run, ExprValue a, ExprValue b)
{
	if (a.kind == EXPR_STRING) {
		char *text = arena_alloc(run->arena, (size_t)a.len + b.len + 1);
		memcpy(text, a.s, a.len);
		memcpy(text + a.len, b.s, b.len);
		return (ExprValue){.kind = EXPR_STRING, .len = a.len + b.len, .s = text};
	}
	ExprValue *items = ARENA_ARRAY(run->arena, ExprValue, (size_t)a.len + b.len);
	for (uint32_t i = 0; i < a.len; i++)
		items[i] = a.items[i];
	for (uint32_t i = 0; i < b.len; i++)
		items[a.len + i] = b.items[i];
	return value_of_list(items, (size_t)a.len + b.len);
}

static ExprValue arithmetic(AstRun *run, const Node *node)
{
	ExprValue a = eval(run, node->child[0]), b = eval(run, node->child[1]);
	if (a.kind == EXPR_ERROR)
		return a;
	if (b.kind == EXPR_ERROR)
		return b;
	if (a.kind == EXPR_INT)
		return int_arithmetic(run, node->kind, a.i, b.i);
	if (a.kind == EXPR_DOUBLE)
		return value_of_double(double_arithmetic(node->kind, a.d, b.d));
	return concatenate(run, a, b);
}

static uint32_t characters(ExprValue text)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < text.len; i++)
		count += ((uint8_t)text.s[i] & 0xc0) != 0x80;
	return count;
}

// From the year 1 to the end of 9999.
static bool in_calendar(int64_t seconds)
{
	return seconds >= INT64_C(-62135596800) && seconds <= INT64_C(253402300799);
}

static ExprValue of_one(AstRun *run, const Node *node)
{
	ExprValue a = eval(run, node->child[0]);
	if (a.kind == EXPR_ERROR)
		return a;
	switch (node->kind) {
	case NODE_NOT:
		return value_of_bool(!a.b);
	case NODE_NEGATE:
		return a.kind == EXPR_INT ? int_result(run, -(__int128)a.i) : value_of_double(-a.d);
	case NODE_SIZE:
		return value_of_int(a.kind == EXPR_STRING ? characters(a) : a.len);
	case NODE_DOUBLE:
		return value_of_double((double)a.i);
	case NODE_LATER:
		a.seconds += node->value.i;
		return in_calendar(a.seconds) ? a : failed(run, value_error(EXPR_ERR_RANGE));
	default: // DYN
		return a;
	}
}

static ExprValue literals(AstRun *run, const Node *node)
{
	ExprValue *items = ARENA_ARRAY(run->arena, ExprValue, node->count);
	for (uint32_t i = 0; i < node->count; i++)
		items[i] = node->child[i]->value;
	return value_of_list(items, node->count);
}

static ExprValue eval(AstRun *run, const Node *node)
{
	switch (node->kind) {
	case NODE_LITERAL:
		return node->value;
	case NODE_LITERALS:
		return literals(run, node);
	case NODE_ATTRIBUTE:
		return run->values[node->slot].kind == EXPR_ERROR ? failed(run, run->values[node->slot])
		                                                  : run->values[node->slot];
	case NODE_HAS:
		return value_of_bool(run->values[node->slot].kind != EXPR_ERROR);
	case NODE_AND:
	case NODE_OR:
		return logic(run, node, node->kind == NODE_OR);
	case NODE_CHOICE:
		return choice(run, node);
	case NODE_NOT:
	case NODE_NEGATE:
	case NODE_SIZE:
	case NODE_DOUBLE:
	case NODE_LATER:
	case NODE_DYN:
		return of_one(run, node);
	case NODE_IN:
		return membership(run, node);
	case NODE_ADD:
	case NODE_SUBTRACT:
	case NODE_MULTIPLY:
	case NODE_DIVIDE:
	case NODE_MODULUS:
		return arithmetic(run, node);
	case NODE_NOW:
		return value_of_moment(run->now_us);
	case NODE_ENDLESS:
		run->exhausted = true;
		return failed(run, value_error(EXPR_ERR_FUEL));
	default:
		return relation(run, node);
	}
}

ExprValue ast_evaluate(const Node *node, const ExprValue *values, int64_t now_us, Arena *arena, Cover *cover)
{
	AstRun run = {.values = values, .now_us = now_us, .arena = arena, .cover = cover};
	ExprValue value = eval(&run, node);
	// Running dry ends an evaluation: nothing absorbs it.
	return run.exhausted ? value_error(EXPR_ERR_FUEL) : value;
}
