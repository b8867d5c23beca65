// Sets of characters.
#include "expr/regex_class.h"

#include <stdlib.h>

enum { LAST_CODE = 0x10ffff };

void class_add(ClassBuilder *c, uint32_t low, uint32_t high)
{
	if (c->count == c->room) {
		uint32_t room = c->room * 2 + 8;
		RegexRange *ranges = ARENA_ARRAY(c->arena, RegexRange, room);

		if (!ranges) {
			c->full = true;
			return;
		}
		if (c->count)
			memcpy(ranges, c->ranges, c->count * sizeof(*ranges));
		c->ranges = ranges;
		c->room = room;
	}
	c->ranges[c->count++] = (RegexRange){low, high};
}

static const struct {
	const char *name;
	char letter;       // of the Perl class, or NUL
	const char *pairs; // first and last, first and last …
} classes[] = {
        {"digit", 'd', "09"},
        {"word", 'w', "09AZ__az"},
        {"", 's', "\t\n\f\r  "},
        {"alnum", 0, "09AZaz"},
        {"alpha", 0, "AZaz"},
        {"ascii", 0, "\001\177"},
        {"blank", 0, "\t\t  "},
        {"cntrl", 0, "\001\037\177\177"},
        {"graph", 0, "!~"},
        {"lower", 0, "az"},
        {"print", 0, " ~"},
        {"punct", 0, "!/:@[`{~"},
        {"space", 0, "\t\r  "},
        {"upper", 0, "AZ"},
        {"xdigit", 0, "09AFaf"},
};

static void add_pairs(ClassBuilder *c, const char *pairs, bool negated)
{
	ClassBuilder inner = {.arena = c->arena};
	RegexClass members;

	for (; *pairs; pairs += 2)
		class_add(&inner, (unsigned char)pairs[0] == 1 ? 0 : (unsigned char)pairs[0],
		        (unsigned char)pairs[1]);
	members = class_end(&inner, negated);
	c->full |= inner.full;
	for (uint32_t i = 0; i < members.count; i++)
		class_add(c, members.ranges[i].low, members.ranges[i].high);
}

bool class_add_perl(ClassBuilder *c, char letter)
{
	for (size_t i = 0; i < ARRAY_COUNT(classes); i++)
		if (classes[i].letter && (letter | 0x20) == classes[i].letter) {
			add_pairs(c, classes[i].pairs, !(letter & 0x20));
			return true;
		}
	return false;
}

bool class_add_posix(ClassBuilder *c, Str name, bool negated)
{
	for (size_t i = 0; i < ARRAY_COUNT(classes); i++)
		if (name.len && str_eq(name, str(classes[i].name))) {
			add_pairs(c, classes[i].pairs, negated);
			return true;
		}
	return false;
}

void class_fold(ClassBuilder *c)
{
	uint32_t count = c->count;

	for (uint32_t i = 0; i < count; i++)
		for (uint32_t letter = 'a'; letter <= 'z'; letter++) {
			if (c->ranges[i].low <= letter && letter <= c->ranges[i].high)
				class_add(c, letter ^ 0x20, letter ^ 0x20);
			if (c->ranges[i].low <= (letter ^ 0x20) && (letter ^ 0x20) <= c->ranges[i].high)
				class_add(c, letter, letter);
		}
}

static int by_low(const void *a, const void *b)
{
	const RegexRange *x = a, *y = b;

	return x->low < y->low ? -1 : x->low > y->low;
}

static void merge(ClassBuilder *c)
{
	uint32_t kept = 0;

	if (c->count)
		qsort(c->ranges, c->count, sizeof(*c->ranges), by_low);
	for (uint32_t i = 0; i < c->count; i++) {
		RegexRange range = c->ranges[i];

		if (kept > 0 && range.low <= c->ranges[kept - 1].high + 1) {
			if (range.high > c->ranges[kept - 1].high)
				c->ranges[kept - 1].high = range.high;
		} else {
			c->ranges[kept++] = range;
		}
	}
	c->count = kept;
}

RegexClass class_end(ClassBuilder *c, bool negated)
{
	ClassBuilder others = {.arena = c->arena};
	uint32_t from = 0;

	merge(c);
	if (!negated)
		return (RegexClass){c->ranges, c->count};
	for (uint32_t i = 0; i < c->count; i++) {
		if (from < c->ranges[i].low)
			class_add(&others, from, c->ranges[i].low - 1);
		from = c->ranges[i].high + 1;
	}
	if (from <= LAST_CODE)
		class_add(&others, from, LAST_CODE);
	c->full |= others.full;
	return (RegexClass){others.ranges, others.count};
}
