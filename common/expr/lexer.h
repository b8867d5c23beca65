// Tokens, and what grammar.y calls.
#pragma once
#include "expr/ast.h"

typedef struct Token {
	Str text;
	uint32_t at;
} Token;

typedef struct Lexer {
	const unsigned char *cursor;
	const unsigned char *start;
	const unsigned char *limit; // there is a NUL behind the text, as the lexer's sentinel
} Lexer;

// The next token's code of grammar.h, 0 at the end, -1 for text that begins no token (the token then is that
// text).
int expr_lex(Lexer *lexer, Token *ret);

// Literals.
Node *expr_literal(Compilation *c, Token token, ExprValue value);
Node *expr_literal_int(Compilation *c, Token token);
Node *expr_literal_uint(Compilation *c, Token token);
Node *expr_literal_double(Compilation *c, Token token);
Node *expr_literal_text(Compilation *c, Token token, ExprKind kind);
