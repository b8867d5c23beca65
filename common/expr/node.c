// Tree nodes, and failures with their place in the source.
#include "base/error.h"
#include "expr/ast.h"

#include <assert.h>
#include <stdio.h>

Err expr_fail(Compilation *c, Err id, uint32_t at, const char *fmt, ...)
{
	char text[512];
	unsigned line = 1, column = 1;
	va_list args;

	if (c->failed != OK)
		return c->failed;
	for (size_t i = 0; i < at && i < c->source.len; i++) {
		unsigned char byte = (unsigned char)c->source.ptr[i];

		column += (byte & 0xc0) != 0x80; // characters, not bytes
		if (byte == '\n') {
			line++;
			column = 1;
		}
	}
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	c->failed = err(id, "line %u, column %u: %s", line, column, text);
	return c->failed;
}

Node *expr_node(Compilation *c, NodeKind kind, uint32_t at)
{
	Node *node = &c->nodes[c->node_count++];

	assert(c->node_count <= c->source.len); // a node takes a character at least
	node->kind = kind;
	node->at = at;
	node->depth = 1;
	return node;
}

void expr_node_add(Compilation *c, Node *parent, Node *child)
{
	child->next = NULL;
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->count++;
	if (parent->depth <= child->depth)
		parent->depth = child->depth + 1;
	if (parent->depth > EXPR_DEPTH_MAX)
		(void)expr_fail(c, ERR_EXPR_LIMIT, parent->at,
		        "it is nested more than %d deep; split it into several expressions", EXPR_DEPTH_MAX);
}
