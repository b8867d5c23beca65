// Programs are flat: the tree comes back by following the stack with trees instead of values. Ways that short
// cuts take need not be followed, because what a short cut skips could not change the outcome: it is enough
// to see that nothing but the joining instructions touches the value that was decided on.
#include "decide/index_tree.h"

#include "expr/callee.h"

enum { DEPTH_MAX = 96, OPEN_MAX = 64 };

// A short cut or a choice whose end has not come yet.
typedef struct Open {
	uint32_t end;
	uint32_t place;     // of the value on the stack
	Opcode join;        // OP_AND, OP_OR; OP_JUMP: a choice
	uint32_t otherwise; // a choice's second branch
	const Tree *test, *yes;
} Open;

typedef struct Follow {
	TreeReader *reader;
	const Tree *stack[DEPTH_MAX];
	uint32_t depth;
	Open open[OPEN_MAX];
	uint32_t open_count;
} Follow;

static const Tree opaque_tree = {.kind = TREE_OPAQUE};

static const Tree *opaque(TreeReader *reader)
{
	reader->opaque = true;
	return &opaque_tree;
}

static const Tree *node(TreeReader *reader, Tree tree)
{
	if (reader->count == TREE_NODES_MAX)
		return opaque(reader);
	reader->nodes[reader->count] = tree;
	return &reader->nodes[reader->count++];
}

// What is opened now must end before what is open already.
static bool open_up(Follow *f, Open opened)
{
	if (f->open_count == OPEN_MAX)
		return false;
	if (f->open_count > 0) {
		const Open *around = &f->open[f->open_count - 1];
		bool first_branch = around->join == OP_JUMP && !around->yes;
		if (opened.end > (first_branch ? around->otherwise - 1 : around->end))
			return false;
	}
	f->open[f->open_count++] = opened;
	return true;
}

// Whether an instruction that takes the values from `lowest` on leaves alone what is decided on.
static bool leaves_alone(const Follow *f, Opcode opcode, uint32_t lowest)
{
	for (uint32_t i = 0; i < f->open_count; i++) {
		const Open *open = &f->open[i];
		bool joins = lowest == open->place && opcode == open->join;
		if (lowest < open->place || (lowest == open->place && open->join != OP_JUMP && !joins))
			return false;
	}
	return true;
}

// Ends whatever ends before the instruction.
static bool close_up(Follow *f, uint32_t at)
{
	while (f->open_count > 0 && f->open[f->open_count - 1].end == at) {
		const Open *open = &f->open[--f->open_count];
		if (open->join != OP_JUMP)
			continue;
		if (!open->yes || f->depth != open->place + 1)
			return false;
		f->stack[open->place] = node(f->reader, (Tree){.kind = TREE_CHOICE,
		                                                .test = open->test,
		                                                .left = open->yes,
		                                                .right = f->stack[open->place]});
	}
	return true;
}

static bool follow_jump(Follow *f, uint32_t at, Opcode opcode, uint32_t target)
{
	uint32_t next = instruction_at(f->reader->view.code, at + 1);
	Open *open = f->open_count > 0 ? &f->open[f->open_count - 1] : NULL;
	switch (opcode) {
	case OP_IF_FALSE:
	case OP_IF_TRUE:
		return open_up(f, (Open){.end = target,
		                          .place = f->depth - 1,
		                          .join = opcode == OP_IF_FALSE ? OP_AND : OP_OR});
	case OP_UNLESS_BOOL:
		return INSTRUCTION_OPCODE(next) == OP_POP_IF_FALSE &&
		       open_up(f, (Open){.end = target,
		                          .place = f->depth - 1,
		                          .join = OP_JUMP,
		                          .otherwise = INSTRUCTION_OPERAND(next),
		                          .test = f->stack[f->depth - 1]});
	case OP_POP_IF_FALSE:
		// Only as the second half of a choice's beginning.
		if (!open || open->join != OP_JUMP || open->otherwise != target || open->yes ||
		        open->place != f->depth - 1)
			return false;
		f->depth--;
		return true;
	case OP_JUMP:
		if (!open || open->join != OP_JUMP || open->otherwise != at + 1 || open->end != target ||
		        open->yes || f->depth != open->place + 1)
			return false;
		open->yes = f->stack[open->place];
		f->depth--;
		return true;
	default:
		return false;
	}
}

static const Tree *slot_tree(Follow *f, uint32_t slot)
{
	return node(f->reader, (Tree){.kind = TREE_SLOT, .slot = slot});
}

static Tree slot_pair(Follow *f, Opcode opcode, uint32_t operand)
{
	const ProgramView *view = &f->reader->view;
	const Tree *slot = slot_tree(f, OPERAND_PAIR_SLOT(operand));
	if (opcode == OP_SLOT_IN)
		return (Tree){.kind = TREE_SET,
		        .left = slot,
		        .value = constant_raw(view, OPERAND_PAIR_CONST(operand))};
	return (Tree){.kind = TREE_RELATION,
	        .opcode = (Opcode)(OP_EQ + (opcode - OP_SLOT_EQ)),
	        .left = slot,
	        .right = node(f->reader,
	                (Tree){.kind = TREE_CONST, .value = constant_at(view, OPERAND_PAIR_CONST(operand))})};
}

// What an instruction makes of the values from `args` on.
static Tree make(Follow *f, Opcode opcode, uint32_t operand, const Tree *const *args)
{
	const ProgramView *view = &f->reader->view;
	if (opcode >= OP_SLOT_EQ && opcode <= OP_SLOT_IN)
		return slot_pair(f, opcode, operand);
	if (opcode >= OP_EQ && opcode <= OP_GE)
		return (Tree){.kind = TREE_RELATION, .opcode = opcode, .left = args[0], .right = args[1]};
	if (opcode >= OP_ADD && opcode <= OP_MODULUS)
		return (Tree){.kind = TREE_ARITHMETIC, .opcode = opcode, .left = args[0], .right = args[1]};
	switch (opcode) {
	case OP_CONST:
		return (Tree){.kind = TREE_CONST, .value = constant_at(view, operand)};
	case OP_SLOT:
		return (Tree){.kind = TREE_SLOT, .slot = operand};
	case OP_HAS:
		return (Tree){.kind = TREE_HAS, .slot = operand};
	case OP_IN_SET:
		return (Tree){.kind = TREE_SET, .left = args[0], .value = constant_raw(view, operand)};
	case OP_IN:
		return (Tree){.kind = TREE_IN, .left = args[0], .right = args[1]};
	case OP_AND:
		return (Tree){.kind = TREE_AND, .left = args[0], .right = args[1]};
	case OP_OR:
		return (Tree){.kind = TREE_OR, .left = args[0], .right = args[1]};
	case OP_NOT:
		return (Tree){.kind = TREE_NOT, .left = args[0]};
	case OP_NEGATE:
		return (Tree){.kind = TREE_NEGATE, .left = args[0]};
	case OP_CALL:
		if (operand == FUNCTION_NOW)
			return (Tree){.kind = TREE_NOW};
		if (operand == FUNCTION_TO_DOUBLE)
			return (Tree){.kind = TREE_DOUBLE, .left = args[0]};
		break;
	default:
		break;
	}
	return opaque_tree;
}

static bool follow_plain(Follow *f, Opcode opcode, uint32_t operand)
{
	const OpcodeRow *row = &expr_opcodes[opcode];
	uint32_t pops = row->pops, pushes = row->pushes;
	if (opcode == OP_CALL)
		pops = expr_function(operand)->arity;
	else if (opcode == OP_KEEP)
		pops += operand;
	if (f->depth < pops || f->depth - pops + pushes > DEPTH_MAX ||
	        !leaves_alone(f, opcode, f->depth - pops))
		return false;
	f->depth -= pops;
	if (pushes == 1) {
		Tree tree = make(f, opcode, operand, &f->stack[f->depth]);
		f->stack[f->depth] = tree.kind == TREE_OPAQUE ? opaque(f->reader) : node(f->reader, tree);
	}
	for (uint32_t i = 0; pushes > 1 && i < pushes; i++)
		f->stack[f->depth + i] = opaque(f->reader);
	f->depth += pushes;
	return true;
}

const Tree *tree_read(TreeReader *reader, const ExprProgram *program)
{
	__attribute__((uninitialized)) Follow f; // large, and written before it is read
	f.reader = reader;
	f.depth = f.open_count = 0;
	reader->view = program_view(program->bytes, program->len);
	reader->count = 0;
	reader->opaque = false;
	for (uint32_t at = 0; at < reader->view.header.instructions; at++) {
		uint32_t word = instruction_at(reader->view.code, at);
		Opcode opcode = (Opcode)INSTRUCTION_OPCODE(word);
		if (!close_up(&f, at))
			break;
		if (opcode == OP_RETURN)
			return f.depth == 1 && f.open_count == 0 && at + 1 == reader->view.header.instructions
			               ? f.stack[0]
			               : opaque(reader);
		bool jumps = expr_opcodes[opcode].operand == OPERAND_TARGET ||
		             expr_opcodes[opcode].operand == OPERAND_BACK;
		if (jumps ? !follow_jump(&f, at, opcode, INSTRUCTION_OPERAND(word))
		          : !follow_plain(&f, opcode, INSTRUCTION_OPERAND(word)))
			break;
	}
	return opaque(reader);
}
