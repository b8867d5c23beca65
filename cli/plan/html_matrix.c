#include "plan/html_matrix.h"

#include "plan/html_parts.h"

enum { AXIS_MAX = 12 };

// Offers along one side, those that move most first.
typedef struct Axis {
	json_t *moved; // name to how often; keeps the names alive
	const char *names[AXIS_MAX];
	size_t count;
	bool others;
} Axis;

// --- axes ---

static void add(json_t *object, const char *name, json_int_t times)
{
	json_object_set_new(object, name, json_integer(told_count(object, name) + times));
}

static json_t *moved_of(const json_t *matrix, bool into)
{
	json_t *moved = json_object(), *row, *times;
	const char *before, *after;

	json_object_foreach((json_t *)(uintptr_t)matrix, before, row)
	        json_object_foreach(row, after, times) if (strcmp(before, after) != 0)
	                add(moved, into ? after : before, json_integer_value(times));
	return moved;
}

static bool is_named(const Axis *axis, const char *name)
{
	for (size_t i = 0; i < axis->count; i++)
		if (strcmp(axis->names[i], name) == 0)
			return true;
	return false;
}

static void axis_of(const json_t *matrix, bool into, Axis *ret)
{
	*ret = (Axis){.moved = moved_of(matrix, into)};
	while (ret->count < AXIS_MAX && ret->count < json_object_size(ret->moved)) {
		const char *name, *best = NULL;
		json_int_t most = 0;
		json_t *times;

		json_object_foreach(ret->moved, name, times)
		{
			if (json_integer_value(times) <= most || is_named(ret, name))
				continue;
			best = name;
			most = json_integer_value(times);
		}
		if (!best)
			break;
		ret->names[ret->count++] = best;
	}
	ret->others = json_object_size(ret->moved) > ret->count;
}

// --- cells ---

static json_int_t cell(const json_t *matrix, const char *before, const char *after)
{
	return told_count(json_object_get(matrix, before), after);
}

// What moves from an offer to none that is named.
static json_int_t rest_of_row(const json_t *matrix, const Axis *rows, const Axis *columns, size_t i)
{
	json_int_t rest = told_count(rows->moved, rows->names[i]);

	for (size_t j = 0; j < columns->count; j++)
		if (strcmp(rows->names[i], columns->names[j]) != 0)
			rest -= cell(matrix, rows->names[i], columns->names[j]);
	return rest;
}

static json_int_t rest_of_column(const json_t *matrix, const Axis *rows, const Axis *columns, size_t j)
{
	json_int_t rest = told_count(columns->moved, columns->names[j]);

	for (size_t i = 0; i < rows->count; i++)
		if (strcmp(rows->names[i], columns->names[j]) != 0)
			rest -= cell(matrix, rows->names[i], columns->names[j]);
	return rest;
}

static json_int_t largest(const json_t *matrix, const Axis *rows, const Axis *columns)
{
	json_int_t most = 1;

	for (size_t i = 0; i < rows->count; i++)
		for (size_t j = 0; j < columns->count; j++) {
			json_int_t times = cell(matrix, rows->names[i], columns->names[j]);

			if (times > most && strcmp(rows->names[i], columns->names[j]) != 0)
				most = times;
		}
	return most;
}

static void put_cell(FILE *out, json_int_t times, json_int_t most)
{
	double heat = (double)times / (double)most;

	if (times == 0)
		html_put(out, "<td class=\"n soft\">·</td>");
	else
		html_put(out, "<td class=\"n\" style=\"background:rgba(var(--heat),%.2f)\">%lld</td>",
		        .08 + .42 * (heat < 1 ? heat : 1), (long long)times);
}

// --- all of it ---

static void put_head(FILE *out, const Axis *columns)
{
	html_put(out, "<div class=\"wide\"><table class=\"matrix\">\n<caption>From which offer (rows) to "
	              "which (columns)</caption>\n<thead><tr><th scope=\"col\">Before</th><th scope=\"col\" "
	              "class=\"soft\">Kept</th>");
	for (size_t j = 0; j < columns->count; j++)
		html_put(out, "<th scope=\"col\">%s</th>", columns->names[j]);
	if (columns->others)
		html_put(out, "<th scope=\"col\" class=\"soft\">others</th>");
	html_put(out, "</tr></thead>\n<tbody>\n");
}

static void put_rows(FILE *out, const json_t *matrix, const Axis *rows, const Axis *columns)
{
	json_int_t most = largest(matrix, rows, columns);

	for (size_t i = 0; i < rows->count; i++) {
		html_put(out, "<tr><th scope=\"row\">%s</th><td class=\"n same\">%lld</td>", rows->names[i],
		        (long long)cell(matrix, rows->names[i], rows->names[i]));
		for (size_t j = 0; j < columns->count; j++)
			put_cell(out,
			        strcmp(rows->names[i], columns->names[j]) == 0
			                ? 0
			                : cell(matrix, rows->names[i], columns->names[j]),
			        most);
		if (columns->others)
			put_cell(out, rest_of_row(matrix, rows, columns, i), most);
		html_put(out, "</tr>\n");
	}
	if (!rows->others)
		return;
	html_put(out, "<tr><th scope=\"row\" class=\"soft\">others</th><td></td>");
	for (size_t j = 0; j < columns->count; j++)
		put_cell(out, rest_of_column(matrix, rows, columns, j), most);
	if (columns->others)
		html_put(out, "<td></td>");
	html_put(out, "</tr>\n");
}

void plan_html_matrix(FILE *out, const json_t *matrix)
{
	Axis rows, columns;

	axis_of(matrix, false, &rows);
	axis_of(matrix, true, &columns);
	put_head(out, &columns);
	put_rows(out, matrix, &rows, &columns);
	html_put(out, "</tbody></table></div>\n");
	json_decref(rows.moved);
	json_decref(columns.moved);
}
