// CEL's tokens. A string or bytes literal is one token; literal.c takes it apart.
#include "expr/lexer.h"
#include "grammar.h"

/*!re2c
	re2c:define:YYCTYPE = "unsigned char";
	re2c:define:YYCURSOR = cursor;
	re2c:define:YYMARKER = marker;
	re2c:define:YYLIMIT = limit;
	re2c:yyfill:enable = 0;
	re2c:eof = 0;

	blank    = [ \t\r\n\f]+;
	comment  = "//" [^\n]*;
	name     = [_a-zA-Z][_a-zA-Z0-9]*;
	quoted   = "`" [a-zA-Z0-9_.\-/ ]+ "`";
	digits   = [0-9]+;
	exponent = [eE] [+\-]? digits;
	int      = digits | "0" [xX] [0-9a-fA-F]+;
	double   = digits? "." digits exponent? | digits exponent;

	escape = "\\" [^];
	short  = "'" ([^'\\\r\n] | escape)* "'" | "\"" ([^"\\\r\n] | escape)* "\"";
	long   = "'''" ("'" | "''")? (([^'\\] | escape) ("'" | "''")?)* "'''"
	       | "\"\"\"" ("\"" | "\"\"")? (([^"\\] | escape) ("\"" | "\"\"")?)* "\"\"\"";
	bare   = "'" [^'\r\n]* "'" | "\"" [^"\r\n]* "\"";
	block  = "'''" ("'" | "''")? ([^'] ("'" | "''")?)* "'''" | "\"\"\"" ("\"" | "\"\"")? ([^"] ("\"" | "\"\"")?)* "\"\"\"";
	text   = short | long | [rR] (bare | block);

	reserved = "as" | "break" | "const" | "continue" | "else" | "for" | "function" | "if" | "import" | "let" | "loop"
	         | "package" | "namespace" | "return" | "var" | "void" | "while";
*/

static int next_code(const unsigned char **at, const unsigned char **start, const unsigned char *limit)
{
	const unsigned char *cursor = *at;
	const unsigned char *marker = cursor;

	(void)marker;
	for (;;) {
		*start = cursor;
#define TOKEN(code) return *at = cursor, TOKEN_##code
		/*!re2c
			blank | comment { continue; }
			$               { return *at = *start, 0; }
			"true"          { TOKEN(TRUE); }
			"false"         { TOKEN(FALSE); }
			"null"          { TOKEN(NULL); }
			"in"            { TOKEN(IN); }
			reserved        { TOKEN(RESERVED); }
			name            { TOKEN(NAME); }
			quoted          { TOKEN(QUOTED); }
			int             { TOKEN(INT); }
			int [uU]        { TOKEN(UINT); }
			double          { TOKEN(DOUBLE); }
			text            { TOKEN(STRING); }
			[bB] text       { TOKEN(BYTES); }
			"&&"            { TOKEN(AND); }
			"||"            { TOKEN(OR); }
			"=="            { TOKEN(EQ); }
			"!="            { TOKEN(NE); }
			"<="            { TOKEN(LE); }
			">="            { TOKEN(GE); }
			"<"             { TOKEN(LT); }
			">"             { TOKEN(GT); }
			"!"             { TOKEN(NOT); }
			"+"             { TOKEN(PLUS); }
			"-"             { TOKEN(MINUS); }
			"*"             { TOKEN(STAR); }
			"/"             { TOKEN(SLASH); }
			"%"             { TOKEN(PERCENT); }
			"?"             { TOKEN(QUESTION); }
			":"             { TOKEN(COLON); }
			"."             { TOKEN(DOT); }
			","             { TOKEN(COMMA); }
			"("             { TOKEN(LPAREN); }
			")"             { TOKEN(RPAREN); }
			"["             { TOKEN(LBRACKET); }
			"]"             { TOKEN(RBRACKET); }
			"{"             { TOKEN(LBRACE); }
			"}"             { TOKEN(RBRACE); }
			*               { return *at = cursor, -1; }
		*/
#undef TOKEN
	}
}

int expr_lex(Lexer *lexer, Token *ret)
{
	const unsigned char *start;
	int code = next_code(&lexer->cursor, &start, lexer->limit);

	*ret = (Token){str_n((const char *)start, (size_t)(lexer->cursor - start)), (uint32_t)(start - lexer->start)};
	return code;
}
