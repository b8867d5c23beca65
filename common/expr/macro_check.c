// Macros: calls whose arguments are not all evaluated once. They bind variables, in whose scope the other
// arguments are checked.
#include "expr/check.h"

typedef struct Macro {
	const char *text;
	uint32_t arity; // arguments, with the variables
	uint32_t variables;
	LoopKind loop;
} Macro;

static const Macro macros[] = {
        {"all", 2, 1, LOOP_ALL},
        {"all", 3, 2, LOOP_ALL},
        {"exists", 2, 1, LOOP_EXISTS},
        {"exists", 3, 2, LOOP_EXISTS},
        {"exists_one", 2, 1, LOOP_EXISTS_ONE},
        {"existsOne", 2, 1, LOOP_EXISTS_ONE},
        {"exists_one", 3, 2, LOOP_EXISTS_ONE},
        {"existsOne", 3, 2, LOOP_EXISTS_ONE},
        {"map", 2, 1, LOOP_LIST},
        {"map", 3, 1, LOOP_LIST},
        {"filter", 2, 1, LOOP_FILTER},
        {"transformList", 3, 2, LOOP_LIST},
        {"transformList", 4, 2, LOOP_LIST},
        {"transformMap", 3, 2, LOOP_MAP},
        {"transformMap", 4, 2, LOOP_MAP},
};

static const Macro *macro_of(const Node *node)
{
	const Macro *named = NULL;

	for (size_t i = 0; i < ARRAY_COUNT(macros); i++)
		if (str_eq(node->name, str(macros[i].text))) {
			named = &macros[i];
			if (named->arity == node->count - 1)
				return named;
		}
	return named;
}

// Takes the argument behind `before` out of the call, as a variable of the innermost scope.
static Variable *bind(Compilation *c, Node *node, Node *before, const Type *type, Access access)
{
	Node *name = before->next;
	Variable *variable = ARENA_NEW(c->arena, Variable);

	if (name->kind != NODE_NAME || name->absolute || !variable) {
		(void)expr_fail(c, ERR_EXPR_TYPE, name->at,
		        "'" STR_FMT "' needs a new name here, for example x", STR_ARG(node->name));
		return NULL;
	}
	*variable = (Variable){.name = name->name, .access = access, .type = type, .outer = c->scope};
	c->scope = variable;
	before->next = name->next;
	node->count--;
	return variable;
}

// What the variables of a loop over a value of that type stand for.
static void bind_items(Compilation *c, Node *node, const Macro *macro)
{
	const Type *range = node->first->type, *dyn = expr_type(EXPR_DYN);
	const Type *element = range->element ? range->element : dyn;
	const Type *key = range->kind == EXPR_MAP    ? range->key
	                  : range->kind == EXPR_LIST ? expr_type(EXPR_INT)
	                                             : dyn;

	if (macro->variables == 1) {
		node->variables[0] =
		        bind(c, node, node->first, range->kind == EXPR_MAP ? key : element, ACCESS_ITEM);
		return;
	}
	node->variables[0] = bind(c, node, node->first, key, ACCESS_KEY);
	if (c->failed == OK)
		node->variables[1] = bind(c, node, node->first, element, ACCESS_VALUE);
	if (c->failed == OK && str_eq(node->variables[0]->name, node->variables[1]->name))
		(void)expr_fail(c, ERR_EXPR_TYPE, node->at, "'" STR_FMT "' needs two different names",
		        STR_ARG(node->name));
}

static const Type *result_of(Compilation *c, const Node *node)
{
	const Type *range = node->first->type;

	switch (node->loop) {
	case LOOP_LIST:
		return expr_type_list(node->last->type, c->arena);
	case LOOP_FILTER:
		return expr_type_list(node->variables[0]->type, c->arena);
	case LOOP_MAP:
		return expr_type_map(range->kind == EXPR_LIST  ? expr_type(EXPR_INT)
		                     : range->kind == EXPR_MAP ? range->key
		                                               : expr_type(EXPR_DYN),
		        node->last->type, c->arena);
	default:
		return expr_type(EXPR_BOOL);
	}
}

static bool is_test(const Node *node, const Node *arg)
{
	bool makes = node->loop == LOOP_LIST || node->loop == LOOP_MAP;

	return !makes || arg != node->last;
}

static void check_loop(Compilation *c, Node *node, const Macro *macro)
{
	Variable *outer = c->scope;
	const Type *range;

	if (macro->arity != node->count - 1) {
		(void)expr_fail(c, ERR_EXPR_TYPE, node->at,
		        "'" STR_FMT "' takes a name and an expression, for example list." STR_FMT
		        "(x, x > 0)",
		        STR_ARG(node->name), STR_ARG(node->name));
		return;
	}
	expr_check_node(c, node->first);
	if (c->failed != OK)
		return;
	range = node->first->type;
	node->loop = macro->loop;
	if (range->kind != EXPR_LIST && range->kind != EXPR_MAP && range->kind != EXPR_DYN)
		(void)expr_fail(c, ERR_EXPR_TYPE, node->at,
		        "'" STR_FMT "' goes through a list or a map, found " STR_FMT, STR_ARG(node->name),
		        STR_ARG(expr_type_name(range, c->arena)));
	else
		bind_items(c, node, macro);
	for (Node *arg = node->first->next; arg && c->failed == OK; arg = arg->next) {
		expr_check_node(c, arg);
		if (is_test(node, arg))
			expr_want_bool(c, arg, "as the test of a macro");
	}
	c->scope = outer;
	if (c->failed != OK)
		return;
	node->kind = NODE_LOOP;
	node->type = result_of(c, node);
}

// cel.bind(name, value, expression). The receiver's place in the call is taken by the name.
static void check_bind(Compilation *c, Node *node)
{
	Variable *outer = c->scope;
	Node *name = node->first, *value;

	if (node->count != 3 || name->kind != NODE_NAME || name->absolute) {
		(void)expr_fail(c, ERR_EXPR_TYPE, node->at,
		        "cel.bind() takes a new name, its value, and an expression: cel.bind(x, 1, x + x)");
		return;
	}
	value = name->next;
	expr_check_node(c, value);
	if (c->failed != OK)
		return;
	node->variables[0] = ARENA_NEW(c->arena, Variable);
	if (!node->variables[0]) {
		(void)expr_fail(c, ERR_NO_MEMORY, node->at, "no memory to compile an expression");
		return;
	}
	*node->variables[0] =
	        (Variable){.name = name->name, .access = ACCESS_WHOLE, .type = value->type, .outer = outer};
	c->scope = node->variables[0];
	expr_check_node(c, node->last);
	c->scope = outer;
	node->first = value;
	node->count = 2;
	node->kind = NODE_BIND;
	node->type = c->failed == OK ? node->last->type : expr_type(EXPR_DYN);
}

bool expr_check_macro(Compilation *c, Node *node)
{
	const Macro *macro;

	if (!node->member && str_eq(node->name, STR("cel.bind"))) {
		check_bind(c, node);
		return true;
	}
	macro = node->member ? macro_of(node) : NULL;
	if (macro)
		check_loop(c, node, macro);
	return macro != NULL;
}
