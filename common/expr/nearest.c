// The nearest known name by edit distance (insert, remove, replace, swap neighbours), for "did you mean".
#include "expr/ast.h"

enum { NAME_MAX_LEN = 64 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t distance(Str a, Str b)
{
	size_t rows[3][NAME_MAX_LEN + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b.len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *spare = before;

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			bool same = a.ptr[i - 1] == b.ptr[j - 1];

			row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + !same);
			if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[b.len];
}

void expr_nearest_offer(Nearest *nearest, Str candidate)
{
	size_t found;

	if (nearest->wanted.len > NAME_MAX_LEN || candidate.len > NAME_MAX_LEN)
		return;
	found = distance(nearest->wanted, candidate);
	if (found > nearest->wanted.len / 3 + 1 || found >= candidate.len)
		return;
	if (nearest->name.len == 0 || found < nearest->distance) {
		nearest->name = candidate;
		nearest->distance = found;
	}
}
