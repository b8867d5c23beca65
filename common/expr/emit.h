// What the parts of the emitter share: values and calls (emit.c), constants and the search in
// them (emit_constant.c), loops and variables (emit_loop.c).
#pragma once
#include "expr/ast.h"
#include "expr/program.h"

typedef struct Emitter {
	Compilation *c;
	uint32_t *code;
	size_t instructions, instructions_max;
	ExprValue *constants; // texts as pointers until the end
	size_t constant_count, constants_max;
	size_t data_len, patterns_len;
	int depth; // of the stack here
} Emitter;

void expr_emit_node(Emitter *e, const Node *node);
// Emits one instruction and returns its index.
size_t expr_emit_op(Emitter *e, Opcode opcode, uint32_t operand);
void expr_emit_constant(Emitter *e, ExprValue value);
uint32_t expr_emit_constant_index(Emitter *e, ExprValue value);
// Emits a search in constants; false if the call is none.
bool expr_emit_search(Emitter *e, const Node *node);
// Makes a jump lead to what is emitted next.
void expr_emit_land(Emitter *e, size_t jump);
void expr_emit_too_large(Emitter *e);

void expr_emit_variable(Emitter *e, const Node *node);
void expr_emit_loop(Emitter *e, const Node *node);
void expr_emit_bind(Emitter *e, const Node *node);
