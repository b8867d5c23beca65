// Edit distance with transpositions over one row of at most 64 columns: names are short, and a long one is
// not a slip of the finger.
#include "base/nearest.h"

#include <ctype.h>

enum { NAME_MAX_LEN = 64 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

// Both at most NAME_MAX_LEN long.
static size_t edit_distance(Str a, Str b)
{
	size_t before[NAME_MAX_LEN + 1] = {0}, row[NAME_MAX_LEN + 1], next[NAME_MAX_LEN + 1];

	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		next[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			next[j] = least(least(row[j], next[j - 1]) + 1,
			        row[j - 1] + !same(a.ptr[i - 1], b.ptr[j - 1]));
			if (i > 1 && j > 1 && same(a.ptr[i - 1], b.ptr[j - 2]) &&
			        same(a.ptr[i - 2], b.ptr[j - 1]))
				next[j] = least(next[j], before[j - 2] + 1);
		}
		memcpy(before, row, sizeof row);
		memcpy(row, next, (b.len + 1) * sizeof *row);
	}
	return row[b.len];
}

Nearest nearest_to(Str wanted)
{
	return (Nearest){.wanted = wanted, .distance = wanted.len / 3 + 2};
}

void nearest_try(Nearest *nearest, Str candidate)
{
	size_t distance;

	if (nearest->wanted.len > NAME_MAX_LEN || candidate.len > NAME_MAX_LEN || !candidate.len)
		return;
	distance = edit_distance(nearest->wanted, candidate);
	if (distance >= nearest->distance || distance >= candidate.len)
		return;
	nearest->best = candidate;
	nearest->distance = distance;
}
