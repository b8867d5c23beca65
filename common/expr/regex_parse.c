// Patterns to trees, by recursive descent; groups nest to a limit.
#include "expr/regex_class.h"
#include "expr/utf8.h"

typedef struct Parser {
	const char *at, *end;
	Arena *arena;
	const char *why;
	int depth;
	bool fold, lines, all; // flags i, m, s
} Parser;

static RegexNode *alternatives(Parser *p);

static RegexNode *fail(Parser *p, const char *why)
{
	if (!p->why)
		p->why = why;
	return NULL;
}

static RegexNode *node_new(Parser *p, RegexKind kind)
{
	RegexNode *node = ARENA_NEW(p->arena, RegexNode);

	if (!node)
		return fail(p, "needs too much memory; shorten it");
	node->kind = kind;
	return node;
}

static void node_add(RegexNode *parent, RegexNode *child)
{
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
}

static bool more(const Parser *p)
{
	return p->at < p->end;
}

static bool take(Parser *p, const char *text)
{
	if (!str_starts(str_n(p->at, (size_t)(p->end - p->at)), str(text)))
		return false;
	p->at += strlen(text);
	return true;
}

static uint32_t next_code(Parser *p)
{
	return expr_utf8_next(&p->at, p->end);
}

static RegexNode *class_node(Parser *p, ClassBuilder *c, bool negated)
{
	RegexNode *node = node_new(p, REGEX_CLASS);

	if (p->fold)
		class_fold(c);
	if (node)
		node->class = class_end(c, negated);
	return c->full ? fail(p, "needs too much memory; shorten it") : node;
}

static RegexNode *one_character(Parser *p, uint32_t code)
{
	ClassBuilder c = {.arena = p->arena};

	class_add(&c, code, code);
	return class_node(p, &c, false);
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

// Behind "\x": two digits, or any number in braces.
static bool hexadecimal(Parser *p, uint32_t *ret)
{
	bool braces = take(p, "{");
	int digits = 0;

	*ret = 0;
	while (more(p) && hex_value(*p->at) >= 0 && digits < (braces ? 6 : 2)) {
		*ret = *ret << 4 | (uint32_t)hex_value(*p->at++);
		digits++;
	}
	if (digits == 0 || *ret > 0x10ffff || (braces ? !take(p, "}") : digits != 2))
		return fail(p, "has an escape '\\x' without its digits") != NULL;
	return true;
}

// Behind a backslash: a character that stands for another.
static bool escaped_code(Parser *p, uint32_t *ret)
{
	static const char letters[] = "afnrtv", meant[] = "\a\f\n\r\t\v";
	const char *found;

	if (!more(p))
		return fail(p, "ends with a backslash") != NULL;
	if (take(p, "x"))
		return hexadecimal(p, ret);
	found = *p->at ? strchr(letters, *p->at) : NULL;
	if (found) {
		p->at++;
		*ret = (unsigned char)meant[found - letters];
		return true;
	}
	if (*p->at == '0') {
		*ret = 0;
		for (int i = 0; i < 3 && more(p) && *p->at >= '0' && *p->at <= '7'; i++)
			*ret = *ret * 8 + (uint32_t)(*p->at++ - '0');
		return true;
	}
	if ((*p->at >= '0' && *p->at <= '9') || (*p->at >= 'a' && *p->at <= 'z') ||
	        (*p->at >= 'A' && *p->at <= 'Z'))
		return fail(p, "has an escape that is not known") != NULL;
	*ret = next_code(p);
	return true;
}

static RegexNode *assertion(Parser *p, RegexAssert which)
{
	RegexNode *node = node_new(p, REGEX_ASSERT);

	if (node)
		node->assert = which;
	return node;
}

static RegexNode *escape(Parser *p)
{
	ClassBuilder c = {.arena = p->arena};
	uint32_t code;

	if (take(p, "A"))
		return assertion(p, ASSERT_TEXT_START);
	if (take(p, "z"))
		return assertion(p, ASSERT_TEXT_END);
	if (take(p, "b"))
		return assertion(p, ASSERT_WORD);
	if (take(p, "B"))
		return assertion(p, ASSERT_NO_WORD);
	if (more(p) && class_add_perl(&c, *p->at)) {
		p->at++;
		return class_node(p, &c, false);
	}
	return escaped_code(p, &code) ? one_character(p, code) : NULL;
}

static bool class_code(Parser *p, uint32_t *ret)
{
	if (!more(p))
		return fail(p, "has no closing ']'") != NULL;
	if (take(p, "\\"))
		return escaped_code(p, ret);
	*ret = next_code(p);
	return true;
}

// "[:alpha:]" inside of brackets.
static bool posix_class(Parser *p, ClassBuilder *c)
{
	const char *close;
	bool negated;
	Str name;

	if (p->end - p->at < 4 || p->at[0] != '[' || p->at[1] != ':')
		return false;
	close = memmem(p->at + 2, (size_t)(p->end - p->at) - 2, ":]", 2);
	if (!close)
		return false;
	negated = p->at[2] == '^';
	name = str_n(p->at + 2 + negated, (size_t)(close - p->at) - 2 - negated);
	if (!class_add_posix(c, name, negated))
		(void)fail(p, "names a class of characters that there is not");
	p->at = close + 2;
	return true;
}

static bool class_member(Parser *p, ClassBuilder *c)
{
	uint32_t low, high;

	if (posix_class(p, c))
		return !p->why;
	if (p->end - p->at >= 2 && *p->at == '\\' && class_add_perl(c, p->at[1])) {
		p->at += 2;
		return true;
	}
	if (!class_code(p, &low))
		return false;
	high = low;
	if (p->end - p->at >= 2 && p->at[0] == '-' && p->at[1] != ']') {
		p->at++;
		if (!class_code(p, &high))
			return false;
	}
	if (high < low)
		return fail(p, "has a range of characters that ends before it begins") != NULL;
	class_add(c, low, high);
	return true;
}

// Behind "[". A "]" that comes first is a member.
static RegexNode *brackets(Parser *p)
{
	ClassBuilder c = {.arena = p->arena};
	bool negated = take(p, "^");

	do {
		if (!class_member(p, &c))
			return NULL;
	} while (!take(p, "]"));
	return class_node(p, &c, negated);
}

static void set_flag(Parser *p, char letter, bool on)
{
	if (letter == 'i')
		p->fold = on;
	else if (letter == 'm')
		p->lines = on;
	else if (letter == 's')
		p->all = on;
}

// Behind "(?": a name, or flags and what closes them. True if a group follows.
static bool group_head(Parser *p)
{
	bool on = true;
	const char *close;

	if (take(p, "P<") || take(p, "<")) {
		close = memchr(p->at, '>', (size_t)(p->end - p->at));
		if (!close || close == p->at)
			return fail(p, "has a group whose name does not end") != NULL;
		p->at = close + 1;
		return true;
	}
	while (more(p) && strchr("imsU-", *p->at) && *p->at) {
		if (*p->at == '-')
			on = false;
		else
			set_flag(p, *p->at, on);
		p->at++;
	}
	if (take(p, ":"))
		return true;
	if (!take(p, ")"))
		(void)fail(p, "has a group '(?' that is not known");
	return false;
}

// Behind "(". Flags hold to the end of the group they stand in.
static RegexNode *group(Parser *p)
{
	Parser outer = *p;
	RegexNode *node;

	if (take(p, "?") && !group_head(p))
		return p->why ? NULL : node_new(p, REGEX_EMPTY);
	if (++p->depth > REGEX_DEPTH_MAX)
		return fail(p, "has groups nested too deeply");
	node = alternatives(p);
	if (node && !take(p, ")"))
		node = fail(p, "has no closing ')'");
	p->depth--;
	p->fold = outer.fold;
	p->lines = outer.lines;
	p->all = outer.all;
	return node;
}

static RegexNode *any_character(Parser *p)
{
	ClassBuilder c = {.arena = p->arena};
	RegexNode *node = node_new(p, REGEX_CLASS);

	if (!p->all)
		class_add(&c, '\n', '\n');
	if (node)
		node->class = class_end(&c, true);
	return c.full ? fail(p, "needs too much memory; shorten it") : node;
}

static RegexNode *atom(Parser *p)
{
	if (take(p, "("))
		return group(p);
	if (take(p, "["))
		return brackets(p);
	if (take(p, "."))
		return any_character(p);
	if (take(p, "^"))
		return assertion(p, p->lines ? ASSERT_LINE_START : ASSERT_TEXT_START);
	if (take(p, "$"))
		return assertion(p, p->lines ? ASSERT_LINE_END : ASSERT_TEXT_END);
	if (take(p, "\\"))
		return escape(p);
	if (strchr("*+?", *p->at) && *p->at)
		return fail(p, "repeats nothing: there is nothing before a '*', '+' or '?'");
	return one_character(p, next_code(p));
}

static bool number(Parser *p, int *ret)
{
	const char *start = p->at;

	*ret = 0;
	while (more(p) && *p->at >= '0' && *p->at <= '9' && *ret <= REGEX_REPEAT_MAX)
		*ret = *ret * 10 + (*p->at++ - '0');
	return p->at > start;
}

// "{2}", "{2,}", "{2,5}"; anything else in braces is plain text.
static bool braces(Parser *p, int *least, int *most)
{
	const char *start = p->at;

	if (take(p, "{") && number(p, least)) {
		*most = *least;
		if (take(p, ",") && !number(p, most))
			*most = REPEAT_ENDLESS;
		if (take(p, "}"))
			return true;
	}
	p->at = start;
	return false;
}

static bool quantifier(Parser *p, int *least, int *most)
{
	*least = 0;
	*most = REPEAT_ENDLESS;
	if (take(p, "*"))
		return true;
	if (take(p, "+"))
		return *least = 1, true;
	if (take(p, "?"))
		return *most = 1, true;
	return braces(p, least, most);
}

// An atom and at most one quantifier; a '?' behind that asks for the shortest match, which is none of our
// business.
static RegexNode *repeated(Parser *p)
{
	RegexNode *node = atom(p), *repeat;
	int least, most;

	if (!node || !more(p) || !quantifier(p, &least, &most))
		return node;
	(void)take(p, "?");
	if (least > REGEX_REPEAT_MAX || most > REGEX_REPEAT_MAX)
		return fail(p, "repeats more than 1000 times");
	if (most != REPEAT_ENDLESS && most < least)
		return fail(p, "has a repetition that ends before it begins");
	repeat = node_new(p, REGEX_REPEAT);
	if (!repeat)
		return NULL;
	repeat->least = least;
	repeat->most = most;
	node_add(repeat, node);
	if (more(p) && quantifier(p, &least, &most))
		return fail(p, "repeats a repetition; put the inner one in parentheses");
	return repeat;
}

static RegexNode *sequence(Parser *p)
{
	RegexNode *node = node_new(p, REGEX_CAT), *part;

	while (node && more(p) && *p->at != '|' && *p->at != ')') {
		part = repeated(p);
		if (!part)
			return NULL;
		node_add(node, part);
	}
	return node;
}

static RegexNode *alternatives(Parser *p)
{
	RegexNode *node = node_new(p, REGEX_ALT), *part;

	do {
		part = node ? sequence(p) : NULL;
		if (!part)
			return NULL;
		node_add(node, part);
	} while (take(p, "|"));
	return node;
}

RegexNode *expr_regex_parse(Str pattern, Arena *arena, const char **why)
{
	Parser p = {.at = pattern.ptr, .end = pattern.ptr + pattern.len, .arena = arena};
	RegexNode *node;

	if (pattern.len > REGEX_PATTERN_MAX) {
		*why = "is longer than 2048 bytes";
		return NULL;
	}
	node = alternatives(&p);
	if (node && more(&p))
		node = fail(&p, "has a ')' without its '('");
	*why = p.why;
	return node;
}
