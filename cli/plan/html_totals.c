// What plans sum up to, plan beside plan, by offer, zone and so on: a table each, the largest rows first.
#include "plan/html_parts.h"

#include <stdlib.h>

enum { ROWS_SHOWN = 50 };

// Rows of several plans under one name.
typedef struct Merged {
	json_t *names; // name to an array of rows, one a plan, null where it has none
	size_t plans;
} Merged;

typedef struct Table {
	const char *title, *caption;
	const char *const *columns; // members of a row
	const char *const *heads;
	size_t column_count;
} Table;

// --- rows ---

static void merge(Merged *merged, const char *name, size_t plan, json_t *row)
{
	json_t *list = json_object_get(merged->names, name);

	if (!list) {
		list = json_array();
		for (size_t i = 0; i < merged->plans; i++)
			json_array_append_new(list, json_null());
		json_object_set_new(merged->names, name, list);
	}
	json_array_set(list, plan, row);
}

// Rows of `list` in every plan: those of a dimension, if one is given, called by the member `called`.
static Merged merged_of(const json_t *report, const char *list, const char *dimension, const char *called)
{
	const json_t *plans = json_object_get(report, "plans"), *plan;
	Merged merged = {.names = json_object(), .plans = json_array_size(plans)};
	json_t *row;
	size_t i, j;

	json_array_foreach(plans, i, plan) json_array_foreach(json_object_get(plan, list), j,
	        row) if (!dimension || strcmp(told_text(row, "dimension"), dimension) == 0)
	        merge(&merged, told_text(row, called), i, row);
	return merged;
}

typedef struct Item {
	const char *name;
	const json_t *rows;
	json_int_t most; // of the first column
} Item;

static int by_most(const void *left, const void *right)
{
	const Item *a = left, *b = right;

	return a->most != b->most ? (a->most > b->most ? -1 : 1) : strcmp(a->name, b->name);
}

static Item *sorted(const Merged *merged, const char *column, size_t *ret_count)
{
	Item *items = calloc(json_object_size(merged->names) + 1, sizeof *items);
	const char *name;
	json_t *rows;

	*ret_count = 0;
	if (!items)
		return NULL;
	json_object_foreach(merged->names, name, rows)
	{
		Item *item = &items[(*ret_count)++];
		const json_t *row;
		size_t i;

		*item = (Item){.name = name, .rows = rows};
		json_array_foreach(rows, i, row) if (told_count(row, column) > item->most) item->most =
		        told_count(row, column);
	}
	qsort(items, *ret_count, sizeof *items, by_most);
	return items;
}

// A column that is nothing everywhere is left out, but for the first.
static bool is_used(const Item *items, size_t count, const char *column)
{
	for (size_t i = 0; i < count; i++) {
		const json_t *row;
		size_t j;

		json_array_foreach(items[i].rows, j, row) if (told_count(row, column) > 0) return true;
	}
	return false;
}

// --- a table ---

static void put_heads(FILE *out, const json_t *report, const Table *table, const bool *used, int columns)
{
	const json_t *plans = json_object_get(report, "plans"), *plan;
	bool several = json_array_size(plans) > 1;
	size_t i;

	html_put(out, "<thead>");
	if (several) {
		html_put(out, "<tr><td></td>");
		json_array_foreach(plans, i, plan) html_put(out,
		        "<th scope=\"colgroup\" class=\"n\" colspan=\"%d\"><span class=\"dot\" "
		        "style=\"background:var(--p%d)\"></span>%s</th>",
		        columns + (i > 0), (int)(i % HTML_COLOURS), told_text(plan, "name"));
		html_put(out, "</tr>\n");
	}
	html_put(out, "<tr><th scope=\"col\">%s</th>", table->title);
	for (i = 0; i < json_array_size(plans); i++) {
		for (size_t c = 0; c < table->column_count; c++)
			if (used[c])
				html_put(out, "<th scope=\"col\" class=\"n\">%s</th>", table->heads[c]);
		if (i > 0)
			html_put(out, "<th scope=\"col\" class=\"n\">More or less</th>");
	}
	html_put(out, "</tr></thead>\n<tbody>\n");
}

static void put_difference(FILE *out, json_int_t more)
{
	if (more == 0)
		html_put(out, "<td class=\"n soft\">as before</td>");
	else
		html_put(out, "<td class=\"n\">%s%lld</td>", more > 0 ? "+" : "−",
		        (long long)(more > 0 ? more : -more));
}

static void put_item(FILE *out, const Table *table, const Item *item, const bool *used, double most)
{
	json_int_t first = told_count(json_array_get(item->rows, 0), table->columns[0]);
	const json_t *row;
	size_t i;

	html_put(out, "<tr><th scope=\"row\">%s</th>", item->name);
	json_array_foreach(item->rows, i, row)
	{
		for (size_t c = 0; c < table->column_count; c++) {
			if (!used[c])
				continue;
			html_put(out, "<td class=\"n\">%lld", (long long)told_count(row, table->columns[c]));
			if (c == 0)
				plan_html_bar(out, (double)told_count(row, table->columns[c]), most, i);
			html_put(out, "</td>");
		}
		if (i > 0)
			put_difference(out, told_count(row, table->columns[0]) - first);
	}
	html_put(out, "</tr>\n");
}

static void put_table(FILE *out, const json_t *report, const Table *table, const Merged *merged)
{
	bool used[8] = {true};
	int columns = 1;
	size_t count;
	Item *items = sorted(merged, table->columns[0], &count);

	for (size_t c = 1; c < table->column_count; c++)
		columns += used[c] = is_used(items, count, table->columns[c]);
	html_put(out, "<div class=\"wide\"><table>\n<caption>%s</caption>\n", table->caption);
	put_heads(out, report, table, used, columns);
	for (size_t i = 0; i < count && i < ROWS_SHOWN; i++)
		put_item(out, table, &items[i], used, items[0].most > 0 ? (double)items[0].most : 1);
	html_put(out, "</tbody></table></div>\n");
	if (count > ROWS_SHOWN)
		html_put(out,
		        "<p class=\"soft\">And %lld more: <code>parley plan report -o json</code> has "
		        "all.</p>\n",
		        (long long)(count - ROWS_SHOWN));
	free(items);
}

// Returns false if there is nothing to tell.
static bool put_list(FILE *out, const json_t *report, const Table *table, const char *list,
        const char *dimension, const char *called)
{
	Merged merged = merged_of(report, list, dimension, called);
	bool any = json_object_size(merged.names) > 0;

	if (any)
		put_table(out, report, table, &merged);
	json_decref(merged.names);
	return any;
}

// --- the sections ---

static const char *const offer_columns[] = {"recommended", "contacts", "accepts", "rejects"};
static const char *const offer_heads[] = {"Recommended", "Contacts", "Accepts", "Rejects"};
static const char *const times_columns[] = {"count"};
static const char *const times_heads[] = {"Times"};

static void put_dimensions(FILE *out, const json_t *report)
{
	static const struct {
		const char *dimension, *title, *caption;
	} parts[] = {{"offer", "Offer", "By offer"}, {"zone", "Zone", "By zone"},
	        {"point", "Interaction point", "By interaction point"},
	        {"segment", "Segment", "By the segment of the rule that made the offer a candidate"},
	        {"campaign", "Campaign", "By campaign"}, {"cell", "Cell", "By cell"}};
	bool any = false;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		Table table = {.title = parts[i].title,
		        .caption = parts[i].caption,
		        .columns = offer_columns,
		        .heads = offer_heads,
		        .column_count = sizeof offer_columns / sizeof *offer_columns};

		any |= put_list(out, report, &table, "totals", parts[i].dimension, "name");
	}
	if (!any)
		html_put(out, "<p>Nothing was recommended, shown or answered.</p>\n");
	put_list(out, report,
	        &(Table){"Segment", "How often visitors entered a segment", times_columns, times_heads, 1},
	        "segments_entered", NULL, "segment");
}

void plan_html_totals(FILE *out, const json_t *report)
{
	html_put(out, "<section aria-labelledby=\"totals\">\n<h2 id=\"totals\">Totals</h2>\n");
	put_dimensions(out, report);
	html_put(out, "</section>\n<section aria-labelledby=\"struck\">\n<h2 id=\"struck\">Suppressed and "
	              "struck</h2>\n");
	if (!put_list(out, report,
	            &(Table){"Reason", "What became of candidates", times_columns, times_heads, 1},
	            "candidates_by_reason", NULL, "reason"))
		html_put(out,
		        "<p>These plans did not count what became of each candidate: <code>parley plan run "
		        "--explain</code> does. What a suppression changed between plans is told above, and "
		        "<code>parley plan show PLAN --place N</code> tells it of one event.</p>\n");
	html_put(out,
	        "</section>\n<section aria-labelledby=\"problems\">\n<h2 id=\"problems\">Problems</h2>\n");
	if (!put_list(out, report,
	            &(Table){"Reason", "What events asked for and could not be done", times_columns,
	                    times_heads, 1},
	            "problems_by_reason", NULL, "reason"))
		html_put(out, "<p>None: every event could be done as it stands.</p>\n");
	html_put(out, "</section>\n");
}
