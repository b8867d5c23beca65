// The evaluator: a stack of values and computed goto. It trusts a verified program and checks nothing again:
// what is checked per step is the fuel and the kinds of values. Ints compare inline; everything else goes
// through operate.c.
#include "expr/loop.h"
#include "expr/map.h"
#include "expr/operate.h"
#include "expr/program.h"
#include "expr/regex.h"

#define EACH_ARITHMETIC(ROW) ROW(ADD) ROW(SUBTRACT) ROW(MULTIPLY) ROW(DIVIDE) ROW(MODULUS)
#define EACH_RELATION(ROW)   ROW(EQ, ==) ROW(NE, !=) ROW(LT, <) ROW(LE, <=) ROW(GT, >) ROW(GE, >=)

// A relation; between two ints or two doubles it is one comparison.
#define RELATION(id, sign, left, right)                                                                      \
	({                                                                                                   \
		const ExprValue a_ = (left), b_ = (right);                                                   \
		a_.kind == EXPR_INT &&b_.kind == EXPR_INT ? value_bool(a_.i sign b_.i)                       \
		: a_.kind == EXPR_DOUBLE &&b_.kind == EXPR_DOUBLE                                            \
		        ? value_bool(a_.d sign b_.d)                                                         \
		        : expr_relation(&run, CALLEE_##id, a_, b_);                                          \
	})

// The instruction's words. An instruction is a label, what it does, and the dispatch of the next.
#define OPERAND         INSTRUCTION_OPERAND(word)
#define PAIR_SLOT       values[OPERAND_PAIR_SLOT(OPERAND)]
#define PAIR_CONST      constant_at(&view, OPERAND_PAIR_CONST(OPERAND))
#define PUSH(value)     *++top = (value)
#define DROP_ONE(value) (top[-1] = (value), top--)
#define JUMP_IF(test)   (pc = (test) ? view.code + (size_t)OPERAND * sizeof(word) : pc)
#define OP(id, ...)                                                                                          \
	op_##id : __VA_ARGS__;                                                                               \
	NEXT()
#define NEXT()                                                                                               \
	do {                                                                                                 \
		if (__builtin_expect(run.fuel == 0, 0))                                                      \
			goto out_of_fuel;                                                                    \
		run.fuel--;                                                                                  \
		memcpy(&word, pc, sizeof(word));                                                             \
		pc += sizeof(word);                                                                          \
		goto *labels[INSTRUCTION_OPCODE(word)];                                                      \
	} while (0)

// && and || of two values: the deciding one wins over any error, else the first error counts.
static ExprValue join_logic(ExprValue a, ExprValue b, bool decides)
{
	if ((a.kind == EXPR_BOOL && a.b == decides) || (b.kind == EXPR_BOOL && b.b == decides))
		return value_bool(decides);
	if (expr_is_error(a))
		return a;
	if (expr_is_error(b))
		return b;
	return a.kind == EXPR_BOOL && b.kind == EXPR_BOOL ? value_bool(!decides)
	                                                  : expr_error(EXPR_ERR_NO_OVERLOAD);
}

// Replaces the arguments on top of the stack by the result; returns the new top.
static ExprValue *call(Evaluation *run, const Function *function, ExprValue *top)
{
	ExprValue *args = top + 1 - (int)function->arity;

	for (uint32_t i = 0; i < function->arity; i++)
		if (expr_is_error(args[i])) {
			args[0] = args[i];
			return args;
		}
	args[0] = function->body(run, args);
	return args;
}

static ExprValue not(ExprValue a)
{
	if (a.kind == EXPR_BOOL)
		return value_bool(!a.b);
	return expr_is_error(a) ? a : expr_error(EXPR_ERR_NO_OVERLOAD);
}

static ExprValue bool_or_error(ExprValue a)
{
	return a.kind == EXPR_BOOL || expr_is_error(a) ? a : expr_error(EXPR_ERR_NO_OVERLOAD);
}

// Whether fuel remains for a search by this value.
static bool may_search(Evaluation *run, ExprValue x)
{
	return expr_burn(run, x.kind == EXPR_STRING || x.kind == EXPR_BYTES ? x.len : 0);
}

static ExprValue in_set(Evaluation *run, const ProgramView *view, uint32_t index, ExprValue x)
{
	ExprValue set = constant_raw(view, index);
	uint32_t found;

	if (expr_is_error(x))
		return x;
	if (!may_search(run, x))
		return expr_error(EXPR_ERR_FUEL);
	return value_bool(expr_constant_find(view, (uint32_t)set.u, set.len, x, &found));
}

// The keys of a map lie before its values, in the same order.
static ExprValue look_up(Evaluation *run, const ProgramView *view, uint32_t index, ExprValue x)
{
	ExprValue map = constant_raw(view, index);
	uint32_t found;

	if (expr_is_error(x))
		return x;
	if (!may_search(run, x))
		return expr_error(EXPR_ERR_FUEL);
	if (!expr_constant_find(view, (uint32_t)map.u, map.len, x, &found))
		return expr_error(EXPR_ERR_NO_SUCH_KEY);
	return constant_at(view, found + map.len);
}

static ExprValue match(Evaluation *run, ExprValue pattern, ExprValue x)
{
	if (expr_is_error(x))
		return x;
	if (x.kind != EXPR_STRING)
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	return expr_regex_search(run, expr_value_str(pattern), expr_value_str(x));
}

// Results are of the promised kind or errors, whatever the program does.
static ExprValue promised(ExprValue value, ExprKind kind)
{
	if (value.kind == kind || expr_is_error(value) || (kind == EXPR_DYN && value.kind <= EXPR_TYPE))
		return value;
	return expr_error(EXPR_ERR_NO_OVERLOAD);
}

ExprValue expr_eval(const ExprProgram *program, const ExprValue *values, int64_t now_us, ExprScratch *scratch)
{
	static const void *const labels[] = {
#define OPCODE(number, id, text, operand, pops, pushes) [number] = &&op_##id,
#include "expr/opcode_table.h"
#undef OPCODE
	};
	__attribute__((uninitialized)) ExprValue stack[PROGRAM_STACK_MAX + 1];
	ExprValue *top = stack; // what is on top lies here; stack[0] is a floor
	const ProgramView view = program_view(program->bytes, program->len);
	Evaluation run = {scratch->arena, now_us, scratch->fuel};
	const uint8_t *pc = view.code;
	uint32_t word;

	NEXT();
op_RETURN:
	scratch->fuel = run.fuel;
	return promised(*top, program->type.kind);
	OP(CONST, PUSH(constant_at(&view, OPERAND)));
	OP(SLOT, PUSH(values[OPERAND]));
	OP(HAS, PUSH(value_bool(!expr_is_error(values[OPERAND]))));
	OP(JUMP, JUMP_IF(true));
	OP(IF_FALSE, JUMP_IF(top->kind == EXPR_BOOL && !top->b));
	OP(IF_TRUE, JUMP_IF(top->kind == EXPR_BOOL && top->b));
	OP(UNLESS_BOOL, *top = bool_or_error(*top); JUMP_IF(expr_is_error(*top)));
	OP(POP_IF_FALSE, JUMP_IF(top->kind != EXPR_BOOL || !top->b); top--);
	OP(AND, DROP_ONE(join_logic(top[-1], top[0], false)));
	OP(OR, DROP_ONE(join_logic(top[-1], top[0], true)));
	OP(NOT, *top = not(*top));
	OP(NEGATE, *top = expr_negate(*top));
#define ROW(id) OP(id, DROP_ONE(expr_arithmetic(&run, CALLEE_##id, top[-1], top[0])));
	EACH_ARITHMETIC(ROW)
#undef ROW
#define ROW(id, sign) OP(id, DROP_ONE(RELATION(id, sign, top[-1], top[0])));
	EACH_RELATION(ROW)
#undef ROW
#define ROW(id, sign) OP(SLOT_##id, PUSH(RELATION(id, sign, PAIR_SLOT, PAIR_CONST)));
	EACH_RELATION(ROW)
#undef ROW
	OP(SLOT_IN, PUSH(in_set(&run, &view, OPERAND_PAIR_CONST(OPERAND), PAIR_SLOT)));
	OP(IN, DROP_ONE(expr_in(&run, top[-1], top[0])));
	OP(IN_SET, *top = in_set(&run, &view, OPERAND, *top));
	OP(INDEX, DROP_ONE(expr_index(&run, top[-1], top[0])));
	OP(HAS_KEY, DROP_ONE(expr_map_has(&run, top[-1], top[0])));
	OP(FAIL, PUSH(expr_error((ExprError)OPERAND)));
	OP(LIST_NEW, PUSH(list_builder_new(&run, OPERAND)));
	OP(LIST_ADD, DROP_ONE(list_builder_add(top[-1], top[0])));
	OP(LIST_END, *top = list_builder_end(*top));
	OP(MAP_NEW, PUSH(map_builder_new(&run, OPERAND)));
	OP(MAP_ADD, top[-2] = expr_map_builder_add(&run, top[-2], top[-1], top[0]); top -= 2);
	OP(KEEP, top[-(int)OPERAND] = *top; top -= OPERAND);
	OP(WHOLE, PUSH(loop_local(stack[OPERAND])));
	OP(ITERATE, PUSH(cursor_new()));
	OP(LIST_FOR, top++; *top = list_builder_new(&run, loop_len(top - 1)));
	OP(MAP_FOR, top++; *top = map_builder_new(&run, loop_len(top - 1)));
	OP(NEXT, JUMP_IF(!loop_has_item(top)));
	OP(LOOP, loop_advance(top); JUMP_IF(true));
	OP(ITEM, PUSH(loop_item(&stack[OPERAND], true, false)));
	OP(KEY, PUSH(loop_item(&stack[OPERAND], true, true)));
	OP(VALUE, PUSH(loop_item(&stack[OPERAND], false, false)));
	OP(LOOK_UP, *top = look_up(&run, &view, OPERAND, *top));
	OP(MATCH, *top = match(&run, constant_at(&view, OPERAND), *top));
	OP(CALL, top = call(&run, expr_function(OPERAND), top));
out_of_fuel:
	scratch->fuel = 0;
	return expr_error(EXPR_ERR_FUEL);
}
