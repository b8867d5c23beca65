// A program read back as a tree, as far as its shape is one that expressions compile to.
#pragma once
#include "expr/expr.h"
#include "expr/program.h"

typedef enum TreeKind {
	TREE_OPAQUE, // something that only the program can tell
	TREE_CONST,
	TREE_SLOT,
	TREE_NOW,
	TREE_HAS,      // of `slot`
	TREE_RELATION, // `opcode` OP_EQ … OP_GE
	TREE_SET,      // `left` is in the set that `value` names
	TREE_IN,       // `left` is in the list `right`
	TREE_AND,
	TREE_OR,
	TREE_NOT,
	TREE_CHOICE,     // `test` ? `left` : `right`
	TREE_ARITHMETIC, // `opcode` OP_ADD … OP_MODULUS
	TREE_NEGATE,
	TREE_DOUBLE, // double(left)
} TreeKind;

typedef struct Tree {
	TreeKind kind;
	Opcode opcode;
	uint32_t slot;
	ExprValue value;
	const struct Tree *left, *right, *test;
} Tree;

enum { TREE_NODES_MAX = 512 };

typedef struct TreeReader {
	ProgramView view;
	uint32_t count;
	bool opaque; // part of the tree is
	Tree nodes[TREE_NODES_MAX];
} TreeReader;

// The whole of a verified program; opaque if its shape is another. The tree lives in the reader.
const Tree *tree_read(TreeReader *reader, const ExprProgram *program);
