// CEL's grammar. Chains of && and || become one node each, so that long ones are not deep. The parser's stack is
// of a fixed size; every level that a source may nest fits, and what nests deeper fails as a limit.
%name ExprGrammar
%token_prefix TOKEN_
%token_type {Token}
%default_type {Node *}
%extra_argument {Compilation *c}
%stack_size 1000

%include {
#include "expr/lexer.h"

#include <assert.h>

static Node *chain(Compilation *c, NodeKind kind, Token op, Node *left, Node *right);
static Node *binary(Compilation *c, Callee callee, Token op, Node *left, Node *right);
static Node *unary(Compilation *c, Callee callee, Token op, Node *child);
static Node *negative(Compilation *c, Token op, Node *child);
static Node *choice(Compilation *c, Token op, Node *test, Node *yes, Node *no);
static Node *named(Compilation *c, NodeKind kind, Token name, Node *child);
static Node *call(Compilation *c, Token name, Node *receiver, Node *args);
static Node *grouped(Node *node);
static Node *listed(Compilation *c, Node *list, Node *item);
static Node *entered(Compilation *c, Node *map, Node *key, Node *value);
static void unexpected(Compilation *c, int code, Token token);
}

%syntax_error { unexpected(c, yymajor, TOKEN); }
%stack_overflow { (void)expr_fail(c, ERR_EXPR_LIMIT, 0, "it is nested too deeply; split it into several expressions"); }

program ::= expr(E). { c->root = E; }

expr(R) ::= any(A). { R = A; }
expr(R) ::= any(A) QUESTION(T) any(B) COLON expr(C). { R = choice(c, T, A, B, C); }
any(R) ::= all(A). { R = A; }
any(R) ::= any(A) OR(T) all(B). { R = chain(c, NODE_ANY, T, A, B); }
all(R) ::= relation(A). { R = A; }
all(R) ::= all(A) AND(T) relation(B). { R = chain(c, NODE_ALL, T, A, B); }
relation(R) ::= sum(A). { R = A; }
relation(R) ::= relation(A) EQ(T) sum(B). { R = binary(c, CALLEE_EQ, T, A, B); }
relation(R) ::= relation(A) NE(T) sum(B). { R = binary(c, CALLEE_NE, T, A, B); }
relation(R) ::= relation(A) LT(T) sum(B). { R = binary(c, CALLEE_LT, T, A, B); }
relation(R) ::= relation(A) LE(T) sum(B). { R = binary(c, CALLEE_LE, T, A, B); }
relation(R) ::= relation(A) GT(T) sum(B). { R = binary(c, CALLEE_GT, T, A, B); }
relation(R) ::= relation(A) GE(T) sum(B). { R = binary(c, CALLEE_GE, T, A, B); }
relation(R) ::= relation(A) IN(T) sum(B). { R = binary(c, CALLEE_IN, T, A, B); }
sum(R) ::= product(A). { R = A; }
sum(R) ::= sum(A) PLUS(T) product(B). { R = binary(c, CALLEE_ADD, T, A, B); }
sum(R) ::= sum(A) MINUS(T) product(B). { R = binary(c, CALLEE_SUBTRACT, T, A, B); }
product(R) ::= unary(A). { R = A; }
product(R) ::= product(A) STAR(T) unary(B). { R = binary(c, CALLEE_MULTIPLY, T, A, B); }
product(R) ::= product(A) SLASH(T) unary(B). { R = binary(c, CALLEE_DIVIDE, T, A, B); }
product(R) ::= product(A) PERCENT(T) unary(B). { R = binary(c, CALLEE_MODULUS, T, A, B); }
unary(R) ::= member(A). { R = A; }
unary(R) ::= NOT(T) unary(A). { R = unary(c, CALLEE_NOT, T, A); }
unary(R) ::= MINUS(T) unary(A). { R = negative(c, T, A); }
member(R) ::= primary(A). { R = A; }
member(R) ::= member(A) DOT field(N). { R = named(c, NODE_SELECT, N, A); }
member(R) ::= member(A) DOT QUOTED(N). { R = named(c, NODE_SELECT, N, A); }
member(R) ::= member(A) DOT field(N) LPAREN args(B) RPAREN. { R = call(c, N, A, B); }
member(R) ::= member(A) LBRACKET(T) expr(B) RBRACKET. { R = binary(c, CALLEE_INDEX, T, A, B); }
%type field {Token}
field(R) ::= NAME(N). { R = N; }
field(R) ::= RESERVED(N). { R = N; }
primary(R) ::= NAME(N). { R = named(c, NODE_NAME, N, NULL); }
primary(R) ::= DOT NAME(N). { R = named(c, NODE_NAME, N, NULL); R->absolute = true; }
primary(R) ::= NAME(N) LPAREN args(A) RPAREN. { R = call(c, N, NULL, A); }
primary(R) ::= LPAREN expr(A) RPAREN. { R = grouped(A); }
primary(R) ::= LBRACKET(T) RBRACKET. { R = expr_node(c, NODE_LIST, T.at); }
primary(R) ::= LBRACKET(T) items(A) RBRACKET. { R = A; R->at = T.at; }
primary(R) ::= LBRACKET(T) items(A) COMMA RBRACKET. { R = A; R->at = T.at; }
primary(R) ::= LBRACE(T) RBRACE. { R = expr_node(c, NODE_MAP, T.at); }
primary(R) ::= LBRACE(T) entries(A) RBRACE. { R = A; R->at = T.at; }
primary(R) ::= LBRACE(T) entries(A) COMMA RBRACE. { R = A; R->at = T.at; }
primary(R) ::= TRUE(T). { R = expr_literal(c, T, expr_bool(true)); }
primary(R) ::= FALSE(T). { R = expr_literal(c, T, expr_bool(false)); }
primary(R) ::= NULL(T). { R = expr_literal(c, T, expr_null()); }
primary(R) ::= INT(T). { R = expr_literal_int(c, T); }
primary(R) ::= UINT(T). { R = expr_literal_uint(c, T); }
primary(R) ::= DOUBLE(T). { R = expr_literal_double(c, T); }
primary(R) ::= STRING(T). { R = expr_literal_text(c, T, EXPR_STRING); }
primary(R) ::= BYTES(T). { R = expr_literal_text(c, T, EXPR_BYTES); }
args(R) ::= . { R = NULL; }
args(R) ::= items(A). { R = A; }
items(R) ::= expr(A). { R = listed(c, NULL, A); }
items(R) ::= items(L) COMMA expr(A). { R = listed(c, L, A); }
entries(R) ::= expr(K) COLON expr(V). { R = entered(c, NULL, K, V); }
entries(R) ::= entries(M) COMMA expr(K) COLON expr(V). { R = entered(c, M, K, V); }

%code {
static Node *chain(Compilation *c, NodeKind kind, Token op, Node *left, Node *right)
{
	Node *node = left;

	if (left->kind != kind || left->grouped) {
		node = expr_node(c, kind, op.at);
		expr_node_add(c, node, left);
	}
	expr_node_add(c, node, right);
	return node;
}

static Node *unary(Compilation *c, Callee callee, Token op, Node *child)
{
	Node *node = expr_node(c, NODE_CALL, op.at);

	node->callee = callee;
	node->name = op.text;
	expr_node_add(c, node, child);
	return node;
}

static Node *binary(Compilation *c, Callee callee, Token op, Node *left, Node *right)
{
	Node *node = unary(c, callee, op, left);

	expr_node_add(c, node, right);
	return node;
}

// A minus before a number is part of it: only so can the least int be written.
static Node *negative(Compilation *c, Token op, Node *child)
{
	bool number = child->kind == NODE_LITERAL && !child->grouped;

	if (number && child->value.kind == EXPR_DOUBLE) {
		child->value.d = -child->value.d;
	} else if (number && child->value.kind == EXPR_INT && child->value.i != INT64_MIN) {
		child->value.i = -child->value.i;
	} else if (number && child->only_negative) {
		child->only_negative = false;
	} else {
		return unary(c, CALLEE_NEGATE, op, child);
	}
	child->at = op.at;
	return child;
}

static Node *choice(Compilation *c, Token op, Node *test, Node *yes, Node *no)
{
	Node *node = expr_node(c, NODE_CHOICE, op.at);

	expr_node_add(c, node, test);
	expr_node_add(c, node, yes);
	expr_node_add(c, node, no);
	return node;
}

static Node *named(Compilation *c, NodeKind kind, Token name, Node *child)
{
	Node *node = expr_node(c, kind, name.at);

	node->name = name.text;
	if (name.text.ptr[0] == '`')
		node->name = str_n(name.text.ptr + 1, name.text.len - 2);
	if (child)
		expr_node_add(c, node, child);
	return node;
}

static Node *call(Compilation *c, Token name, Node *receiver, Node *args)
{
	Node *node = named(c, NODE_CALL, name, receiver);
	Node *next;

	node->member = receiver != NULL;
	for (Node *arg = args ? args->first : NULL; arg; arg = next) {
		next = arg->next;
		expr_node_add(c, node, arg);
	}
	return node;
}

static Node *grouped(Node *node)
{
	node->grouped = true;
	return node;
}

static Node *listed(Compilation *c, Node *list, Node *item)
{
	if (!list)
		list = expr_node(c, NODE_LIST, item->at);
	expr_node_add(c, list, item);
	return list;
}

static Node *entered(Compilation *c, Node *map, Node *key, Node *value)
{
	if (!map)
		map = expr_node(c, NODE_MAP, key->at);
	expr_node_add(c, map, key);
	expr_node_add(c, map, value);
	return map;
}

static void unexpected(Compilation *c, int code, Token token)
{
	if (code == 0)
		(void)expr_fail(c, ERR_EXPR_SYNTAX, token.at, "the expression ends too early; something is missing here");
	else if (code == TOKEN_RESERVED)
		(void)expr_fail(c, ERR_EXPR_SYNTAX, token.at, "'" STR_FMT "' is a reserved word; use another name",
			STR_ARG(token.text));
	else if (code == TOKEN_NAME && (str_eq(token.text, STR("and")) || str_eq(token.text, STR("AND"))))
		(void)expr_fail(c, ERR_EXPR_SYNTAX, token.at, "unexpected '" STR_FMT "'; write '&&'", STR_ARG(token.text));
	else if (code == TOKEN_NAME && (str_eq(token.text, STR("or")) || str_eq(token.text, STR("OR"))))
		(void)expr_fail(c, ERR_EXPR_SYNTAX, token.at, "unexpected '" STR_FMT "'; write '||'", STR_ARG(token.text));
	else
		(void)expr_fail(c, ERR_EXPR_SYNTAX, token.at,
			"unexpected '" STR_FMT "'; an operator, a value or the end is missing before it", STR_ARG(token.text));
}

// Text that begins no token, and what was probably meant.
static void stray(Compilation *c, Token token)
{
	static const struct {
		char text;
		const char *remedy;
	} remedies[] = {
		{'=', "to compare, write '=='"},
		{'&', "for 'and', write '&&'"},
		{'|', "for 'or', write '||'"},
		{'\'', "the string has no end; close it with the same quote"},
		{'"', "the string has no end; close it with the same quote"},
	};
	const char *remedy = "remove it";

	for (size_t i = 0; i < ARRAY_COUNT(remedies); i++)
		if (token.text.ptr[0] == remedies[i].text)
			remedy = remedies[i].remedy;
	if (token.text.ptr[0] & 0x80)
		(void)expr_fail(c, ERR_EXPR_SYNTAX, token.at, "a character that is only good inside of strings; %s", remedy);
	else
		(void)expr_fail(c, ERR_EXPR_SYNTAX, token.at, "unexpected '" STR_FMT "'; %s", STR_ARG(token.text), remedy);
}

Err expr_parse(Compilation *c)
{
	char *text = arena_cstr(c->arena, c->source);
	Lexer lexer = {(unsigned char *)text, (unsigned char *)text, (unsigned char *)text + c->source.len};
	yyParser *parser = ARENA_NEW(c->arena, yyParser);
	Token token;
	int code;

	if (!text || !parser)
		return err(ERR_NO_MEMORY, "no memory to compile an expression");
	ExprGrammarInit(parser);
	do {
		code = expr_lex(&lexer, &token);
		if (code < 0)
			stray(c, token);
		else
			ExprGrammar(parser, code, token, c);
	} while (code > 0 && c->failed == OK);
	ExprGrammarFinalize(parser);
	return c->failed;
}
}
