// Which function a call means and what it yields. Most are typed by overload_table.h; a few operators take
// whole families of types and have a rule of their own.
#include "expr/check.h"

#include "base/nearest.h"
#include "expr/moment.h"
#include "expr/regex.h"
#include "expr/zone.h"

typedef struct Overload {
	Callee callee;
	ExprKind result;
	ExprKind args[FUNCTION_ARITY_MAX]; // EXPR_NULL: none
} Overload;

static const Overload overloads[] = {
#define OVERLOAD(callee, result, first, second)                                                              \
	{CALLEE_##callee, EXPR_##result, {EXPR_##first, EXPR_##second, EXPR_NULL, EXPR_NULL}},
#define OVERLOAD_MORE(callee, result, first, second, third, fourth)                                          \
	{CALLEE_##callee, EXPR_##result, {EXPR_##first, EXPR_##second, EXPR_##third, EXPR_##fourth}},
#include "expr/overload_table.h"
#undef OVERLOAD_MORE
#undef OVERLOAD
};

static void check_overloads(Compilation *c, Node *node);
static void check_add(Compilation *c, Node *node);
static void check_equality(Compilation *c, Node *node);
static void check_order(Compilation *c, Node *node);
static void check_in(Compilation *c, Node *node);
static void check_index(Compilation *c, Node *node);
static void check_has_key(Compilation *c, Node *node);

// How each callee is written and checked.
typedef struct Row {
	const char *text;
	int forms; // 0: an operator
	uint32_t arity;
	void (*check)(Compilation *c, Node *node);
} Row;

static const Row rows[CALLEE_COUNT] = {
#define OPERATOR(id, text, arity, opcode, check) [CALLEE_##id] = {text, 0, arity, check},
#include "expr/operator_table.h"
#undef OPERATOR
#define FUNCTION(number, id, text, forms, arity, body) [CALLEE_##id] = {text, forms, arity, check_overloads},
#include "expr/function_table.h"
#undef FUNCTION
};

static Str arg_names(Compilation *c, const Node *node)
{
	Str text = {0};

	for (const Node *arg = node->first; arg; arg = arg->next) {
		Str name = expr_type_name(arg->type, c->arena);

		text = str(text.len ? arena_printf(
		                              c->arena, STR_FMT " and " STR_FMT, STR_ARG(text), STR_ARG(name))
		                    : arena_cstr(c->arena, name));
	}
	return text;
}

// What the first overload would take, as a hint.
static const char *remedy(Compilation *c, const Node *node)
{
	const Type *first = node->first ? node->first->type : expr_type(EXPR_NULL);
	const Type *last = node->last ? node->last->type : expr_type(EXPR_NULL);
	const char *text;

	if (expr_type_is_number(first) && expr_type_is_number(last) && first != last)
		return "convert one of them, for example with double(x)";
	if (first->kind == EXPR_STRING && expr_type_is_number(last))
		return "convert the number with string(x), or the text with int(x) or double(x)";
	if (expr_type_is_number(first) && last->kind == EXPR_STRING)
		return "convert the number with string(x), or the text with int(x) or double(x)";
	if (first->kind == EXPR_NULL || last->kind == EXPR_NULL)
		return "to ask whether an attribute has a value, write has(name)";
	for (size_t i = 0; i < ARRAY_COUNT(overloads); i++) {
		const Overload *o = &overloads[i];

		if (o->callee != node->callee)
			continue;
		text = o->args[1] == EXPR_NULL
		               ? arena_printf(c->arena, "it takes %s", expr_kind_name(o->args[0]))
		               : arena_printf(c->arena, "it takes %s and %s", expr_kind_name(o->args[0]),
		                         expr_kind_name(o->args[1]));
		return text ? text : "";
	}
	return "compare values of the same type";
}

static void no_overload(Compilation *c, Node *node)
{
	const Row *row = &rows[node->callee];

	(void)expr_fail(c, ERR_EXPR_TYPE, node->at, "%s%s is not defined for " STR_FMT "; %s", row->text,
	        row->forms ? "()" : "", STR_ARG(arg_names(c, node)), remedy(c, node));
}

static bool takes(ExprKind wanted, const Type *type)
{
	return wanted == EXPR_DYN || type->kind == EXPR_DYN || type->kind == wanted;
}

static bool matches(const Overload *o, const Node *node)
{
	const ExprKind *wanted = o->args;

	if (o->callee != node->callee)
		return false;
	for (const Node *arg = node->first; arg; arg = arg->next)
		if (!takes(*wanted++, arg->type))
			return false;
	return true;
}

// The result of all overloads that may apply: dyn if they differ.
static void check_overloads(Compilation *c, Node *node)
{
	const Type *result = NULL;

	for (size_t i = 0; i < ARRAY_COUNT(overloads); i++) {
		if (!matches(&overloads[i], node))
			continue;
		if (!result)
			result = expr_type(overloads[i].result);
		else if (result->kind != overloads[i].result)
			result = expr_type(EXPR_DYN);
	}
	node->type = result;
	if (!result)
		no_overload(c, node);
}

static void check_add(Compilation *c, Node *node)
{
	const Type *a = node->first->type, *b = node->last->type;

	if (a->kind == EXPR_LIST && b->kind == EXPR_LIST)
		node->type = expr_type_join(a, b, c->arena);
	else if (a->kind == EXPR_DYN || b->kind == EXPR_DYN)
		node->type = expr_type(EXPR_DYN);
	else
		check_overloads(c, node);
}

static void check_equality(Compilation *c, Node *node)
{
	node->type = expr_type(EXPR_BOOL);
	if (!c->unchecked && !expr_type_fits(node->first->type, node->last->type))
		no_overload(c, node);
}

static bool is_ordered(const Type *type)
{
	switch (type->kind) {
	case EXPR_NULL:
	case EXPR_LIST:
	case EXPR_MAP:
	case EXPR_TYPE:
		return false;
	default:
		return true;
	}
}

static void check_order(Compilation *c, Node *node)
{
	node->type = expr_type(EXPR_BOOL);
	if (!expr_type_fits(node->first->type, node->last->type) || !is_ordered(node->first->type) ||
	        !is_ordered(node->last->type))
		no_overload(c, node);
}

static void check_in(Compilation *c, Node *node)
{
	const Type *list = node->last->type;

	node->type = expr_type(EXPR_BOOL);
	if (list->kind == EXPR_DYN)
		return;
	if (list->kind != EXPR_LIST && list->kind != EXPR_MAP)
		(void)expr_fail(c, ERR_EXPR_TYPE, node->at,
		        "'in' needs a list or a map on its right, found " STR_FMT
		        "; for a part of a text write x.contains(y)",
		        STR_ARG(expr_type_name(list, c->arena)));
	else if (!expr_type_fits(node->first->type, list->kind == EXPR_MAP ? list->key : list->element))
		(void)expr_fail(c, ERR_EXPR_TYPE, node->at,
		        "a value of type " STR_FMT " is never in a " STR_FMT "; convert one of them",
		        STR_ARG(expr_type_name(node->first->type, c->arena)),
		        STR_ARG(expr_type_name(list, c->arena)));
}

static void check_index(Compilation *c, Node *node)
{
	const Type *list = node->first->type, *index = node->last->type;

	if (list->kind == EXPR_DYN) {
		node->type = list;
	} else if (list->kind == EXPR_MAP && expr_type_fits(list->key, index)) {
		node->type = list->element;
	} else if (list->kind != EXPR_LIST || (index->kind != EXPR_INT && index->kind != EXPR_DYN)) {
		(void)expr_fail(c, ERR_EXPR_TYPE, node->at,
		        "[] takes a list and an int, or a map and a key, found " STR_FMT,
		        STR_ARG(arg_names(c, node)));
	} else {
		node->type = list->element;
	}
}

// Only has() makes it, of a field that has passed check_index.
static void check_has_key(Compilation *c, Node *node)
{
	(void)c;
	node->type = expr_type(EXPR_BOOL);
}

bool expr_is_namespace(Str name)
{
	static const char *const namespaces[] = {"math", "strings", "cel"};

	for (size_t i = 0; i < ARRAY_COUNT(namespaces); i++)
		if (str_eq(name, str(namespaces[i])))
			return true;
	return false;
}

static void unknown_function(Compilation *c, const Node *node)
{
	Nearest nearest = nearest_to(node->name);

	for (size_t i = 0; i < CALLEE_COUNT; i++)
		if (rows[i].forms)
			nearest_try(&nearest, str(rows[i].text));
	if (nearest.best.len)
		(void)expr_fail(c, ERR_EXPR_NAME_UNKNOWN, node->at,
		        "there is no function '%.*s'; did you mean '%.*s'?", STR_ARG(node->name),
		        STR_ARG(nearest.best));
	else
		(void)expr_fail(c, ERR_EXPR_NAME_UNKNOWN, node->at,
		        "there is no function '%.*s'; see the language's list of functions",
		        STR_ARG(node->name));
}

// math.greatest and math.least take any number of arguments: they become one list.
static void collect_arguments(Compilation *c, Node *node)
{
	const Type *element = expr_type_free();
	Node *list = expr_node(c, NODE_LIST, node->at), *next;

	for (Node *arg = node->first; arg; arg = next) {
		next = arg->next;
		element = expr_type_join(element, arg->type, c->arena);
		expr_node_add(c, list, arg);
	}
	list->type = expr_type_list(element, c->arena);
	node->first = node->last = NULL;
	node->count = 0;
	expr_node_add(c, node, list);
}

static void check_extreme(Compilation *c, Node *node)
{
	const Type *element;

	if (node->count != 1 || (node->first->type->kind != EXPR_LIST && node->first->type->kind != EXPR_DYN))
		collect_arguments(c, node);
	element = node->first->type->element;
	node->type = element ? element : expr_type(EXPR_DYN);
	if (node->type->kind != EXPR_DYN && !expr_type_is_number(node->type))
		(void)expr_fail(c, ERR_EXPR_TYPE, node->at, "%s() takes numbers, found " STR_FMT,
		        rows[node->callee].text, STR_ARG(expr_type_name(node->type, c->arena)));
}

static bool is_extreme(const Node *node)
{
	return node->callee == CALLEE_GREATEST || node->callee == CALLEE_LEAST;
}

static void wrong_arity(Compilation *c, const Node *node, const Row *row)
{
	(void)expr_fail(c, ERR_EXPR_TYPE, node->at, "%s() takes %u argument%s in parentheses, found %u",
	        row->text, row->arity - node->member, row->arity - node->member == 1 ? "" : "s",
	        node->count - node->member);
}

// By name and, where several functions share a name, by the number of arguments.
static void find_function(Compilation *c, Node *node)
{
	const Row *row;
	int form = node->member ? AS_MEMBER : AS_GLOBAL;

	for (unsigned i = 0; i < CALLEE_COUNT; i++)
		if (rows[i].forms && str_eq(node->name, str(rows[i].text)) &&
		        (node->callee == CALLEE_NONE || rows[i].arity == node->count))
			node->callee = (Callee)i;
	row = &rows[node->callee];
	if (node->callee == CALLEE_NONE)
		unknown_function(c, node);
	else if (!(row->forms & form))
		(void)expr_fail(c, ERR_EXPR_TYPE, node->at,
		        node->member ? "%s() takes its value in parentheses; write %s(x)"
		                     : "%s() is called on its value; write x.%s(...)",
		        row->text, row->text);
	else if (row->arity != node->count && (!is_extreme(node) || node->count == 0))
		wrong_arity(c, node, row);
}

// timestamp("…") and duration("…") become constants, so that a wrong text is found now and not when it runs.
static void fold_moment(Compilation *c, Node *node)
{
	bool timestamp = node->callee == CALLEE_TO_TIMESTAMP;
	const Node *arg = node->first;
	ExprValue value;

	if ((!timestamp && node->callee != CALLEE_TO_DURATION) || arg->kind != NODE_LITERAL ||
	        arg->value.kind != EXPR_STRING)
		return;
	value = timestamp ? expr_timestamp_parse(expr_value_str(arg->value))
	                  : expr_duration_parse(expr_value_str(arg->value));
	if (expr_is_error(value)) {
		(void)expr_fail(c, ERR_EXPR_TYPE, arg->at, "this is not a %s%s; write %s",
		        expr_kind_name(node->type->kind),
		        value.error == EXPR_ERR_RANGE ? " within the range" : "",
		        timestamp ? "for example timestamp('2026-01-31T08:00:00Z')"
		                  : "for example duration('1h30m')");
		return;
	}
	node->kind = NODE_LITERAL;
	node->value = value;
}

// A pattern that is written out is compiled now; the call keeps its automaton.
static void fold_pattern(Compilation *c, Node *node)
{
	const Node *pattern = node->last;
	const char *why = NULL;
	Str automaton;

	if (node->callee != CALLEE_MATCHES || pattern->kind != NODE_LITERAL ||
	        pattern->value.kind != EXPR_STRING)
		return;
	automaton = expr_regex_compile(expr_value_str(pattern->value), c->arena, &why);
	if (automaton.ptr)
		node->value = expr_bytes(automaton);
	else
		(void)expr_fail(c, ERR_EXPR_TYPE, pattern->at, "the pattern %s", why);
}

// A time zone that is written out becomes its table, so that every machine decides by the same one.
static void fold_zone(Compilation *c, Node *node)
{
	Node *zone = node->last;
	ExprValue table;

	if (node->callee < CALLEE_GET_FULL_YEAR_IN || node->callee > CALLEE_GET_MILLISECONDS_IN ||
	        zone->kind != NODE_LITERAL || zone->value.kind != EXPR_STRING ||
	        expr_zone_is_fixed(expr_value_str(zone->value)))
		return;
	table = expr_zone_load(expr_value_str(zone->value), c->arena);
	if (expr_is_error(table))
		(void)expr_fail(c, ERR_EXPR_TYPE, zone->at,
		        "there is no time zone '" STR_FMT
		        "' in this machine's tzdata; write for example 'Europe/Prague', or '+01:00'",
		        STR_ARG(expr_value_str(zone->value)));
	else
		zone->value = table;
}

void expr_check_callee(Compilation *c, Node *node)
{
	if (node->callee == CALLEE_NONE)
		find_function(c, node);
	if (c->failed != OK)
		return;
	if (is_extreme(node))
		check_extreme(c, node);
	else
		rows[node->callee].check(c, node);
	if (c->failed == OK)
		fold_moment(c, node);
	if (c->failed == OK && node->kind == NODE_CALL && node->count > 0) {
		fold_pattern(c, node);
		fold_zone(c, node);
	}
}
