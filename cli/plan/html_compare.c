// What would change: how much, why, where, from which offer to which, and examples to open.
#include "plan/html_matrix.h"
#include "plan/html_parts.h"

#include <stdlib.h>

enum { CAUSES_SHOWN = 20, PARTS_SHOWN = 40, MOVES_SHOWN = 3, STACK_WIDTH = 720, STACK_HEIGHT = 22 };

// --- of more than two ---

static void put_differing(FILE *out, const json_t *compared)
{
	const json_t *names = json_object_get(compared, "plans"), *name, *row, *times;
	size_t i, j;

	html_put(out,
	        "<div class=\"wide\"><table>\n<caption>Questions that two plans answer otherwise</caption>\n"
	        "<thead><tr><th scope=\"col\">Plan</th>");
	json_array_foreach(names, i, name)
	        html_put(out, "<th scope=\"col\" class=\"n\">%s</th>", json_string_value(name));
	html_put(out, "</tr></thead>\n<tbody>\n");
	json_array_foreach(json_object_get(compared, "differing"), i, row)
	{
		html_put(out, "<tr><th scope=\"row\">%s</th>", json_string_value(json_array_get(names, i)));
		json_array_foreach(row, j, times)
		{
			if (i == j)
				html_put(out, "<td class=\"n soft\">–</td>");
			else
				html_put(out, "<td class=\"n\">%lld</td>",
				        (long long)json_integer_value(times));
		}
		html_put(out, "</tr>\n");
	}
	html_put(out, "</tbody></table></div>\n");
}

// --- why ---

static size_t colour_of(size_t cause)
{
	return 1 + cause % (HTML_COLOURS - 1);
}

// All changes as one bar, a piece a cause.
static void put_stack(FILE *out, const json_t *comparison)
{
	double changed = (double)told_count(comparison, "changed"), at = 0;
	const char *cause;
	size_t i = 0;
	json_t *row;

	html_put(out,
	        "<svg role=\"img\" aria-label=\"Changes by cause; the table below has the numbers\" "
	        "viewBox=\"0 0 %d %d\" width=\"%d\">",
	        STACK_WIDTH, STACK_HEIGHT, STACK_WIDTH);
	json_object_foreach(json_object_get(comparison, "reasons"), cause, row)
	{
		double width = STACK_WIDTH * (double)told_count(row, "changed") / changed;

		html_put(out,
		        "<rect x=\"%.1f\" width=\"%.1f\" height=\"%d\" style=\"fill:var(--p%d)\"><title>%s: "
		        "%lld</title></rect>",
		        at, width, STACK_HEIGHT, (int)colour_of(i++), cause,
		        (long long)told_count(row, "changed"));
		at += width;
	}
	html_put(out, "</svg>\n");
}

// The place of a cause among the reasons, so that it has the same colour everywhere.
static size_t place_of(const json_t *reasons, const char *wanted)
{
	const char *cause;
	size_t i = 0;
	json_t *row;

	json_object_foreach((json_t *)(uintptr_t)reasons, cause, row)
	{
		if (strcmp(cause, wanted) == 0)
			break;
		i++;
	}
	return i;
}

static void put_causes(FILE *out, const json_t *comparison)
{
	const json_t *causes = json_object_get(comparison, "causes"), *row;
	size_t i, rest = json_array_size(causes) > CAUSES_SHOWN ? json_array_size(causes) - CAUSES_SHOWN : 0;

	put_stack(out, comparison);
	html_put(out,
	        "<div class=\"wide\"><table>\n<caption>Why: what made the "
	        "difference</caption>\n<thead><tr><th "
	        "scope=\"col\">A matter of</th><th scope=\"col\">Which</th><th scope=\"col\" "
	        "class=\"n\">Questions</th><th scope=\"col\" class=\"n\">Of all changes</th></tr></thead>\n"
	        "<tbody>\n");
	json_array_foreach(causes, i, row)
	{
		if (i == CAUSES_SHOWN)
			break;
		html_put(out,
		        "<tr><th scope=\"row\"><span class=\"dot\" "
		        "style=\"background:var(--p%d)\"></span>%s</th>"
		        "<td>%s</td><td class=\"n\">%lld</td><td class=\"n\">",
		        (int)colour_of(
		                place_of(json_object_get(comparison, "reasons"), told_text(row, "why"))),
		        told_text(row, "why"), told_text(row, "what"), (long long)told_count(row, "changed"));
		plan_html_share(out, told_count(row, "changed"), told_count(comparison, "changed"));
		html_put(out, "</td></tr>\n");
	}
	html_put(out, "</tbody></table></div>\n");
	if (rest > 0)
		html_put(out, "<p class=\"soft\">And %lld more, less often.</p>\n", (long long)rest);
}

// --- where ---

static void put_moves(FILE *out, const json_t *moves)
{
	const json_t *move;
	size_t i;

	json_array_foreach(moves, i, move)
	{
		if (i == MOVES_SHOWN)
			break;
		html_put(out, "%s<span class=\"from\">%s →</span> %s %lld", i > 0 ? ", " : "",
		        told_text(move, "before"), told_text(move, "after"),
		        (long long)told_count(move, "times"));
	}
	if (json_array_size(moves) > MOVES_SHOWN)
		html_put(out, ", …");
}

static void put_parts(FILE *out, const json_t *parts, const char *title, const char *caption)
{
	const char *name;
	size_t shown = 0;
	json_t *part;

	html_put(out,
	        "<div class=\"wide\"><table>\n<caption>%s</caption>\n<thead><tr><th scope=\"col\">%s</th><th "
	        "scope=\"col\" class=\"n\">As before</th><th scope=\"col\" class=\"n\">Otherwise</th><th "
	        "scope=\"col\" class=\"n\">Share</th><th scope=\"col\">From and "
	        "to</th></tr></thead>\n<tbody>\n",
	        caption, title);
	json_object_foreach((json_t *)(uintptr_t)parts, name, part)
	{
		json_int_t changed = told_count(part, "changed"), all = changed + told_count(part, "same");

		if (shown++ >= PARTS_SHOWN)
			continue;
		html_put(out,
		        "<tr><th scope=\"row\">%s</th><td class=\"n\">%lld</td><td class=\"n\">%lld</td><td "
		        "class=\"n\">",
		        name, (long long)told_count(part, "same"), (long long)changed);
		plan_html_share(out, changed, all);
		plan_html_bar(out, (double)changed, (double)all, 1);
		html_put(out, "</td><td>");
		put_moves(out, json_object_get(part, "moves"));
		html_put(out, "</td></tr>\n");
	}
	html_put(out, "</tbody></table></div>\n");
	if (shown > PARTS_SHOWN)
		html_put(out,
		        "<p class=\"soft\">And %lld more: <code>parley plan compare -o json</code> has "
		        "all.</p>\n",
		        (long long)(shown - PARTS_SHOWN));
}

// --- examples ---

static void put_side(FILE *out, const json_t *offer, const char *class)
{
	char score[32];

	if (!json_is_object(offer))
		html_put(out, "<span class=\"%s\">the default content</span>", class);
	else
		html_put(out, "<span class=\"%s\">%s</span> <span class=\"soft\">by %s, %s</span>", class,
		        told_text(offer, "offer"), told_text(offer, "rule"),
		        plan_html_number(told_number(offer, "score"), score));
}

static void put_example(FILE *out, const json_t *comparison, const json_t *example)
{
	html_put(out, "<article class=\"card\">\n<h3>Visitor %s at %s</h3>\n<p>",
	        told_text(example, "visitor"), told_text(example, "point"));
	put_side(out, json_object_get(example, "before"), "from");
	html_put(out, " → ");
	put_side(out, json_object_get(example, "after"), "to");
	html_put(out,
	        "</p>\n<p><b>%s</b>: %s.</p>\n<p class=\"soft\">Event at place %lld: <code>parley plan show "
	        "%s "
	        "--place %d</code></p>\n</article>\n",
	        told_text(example, "why"), told_text(example, "text"),
	        (long long)told_count(example, "place"), told_text(comparison, "after"),
	        (int)told_count(example, "place"));
}

static void put_examples(FILE *out, const json_t *comparison)
{
	const json_t *examples = json_object_get(comparison, "examples"), *example;
	size_t i;

	if (json_array_size(examples) == 0)
		return;
	html_put(out, "<h3>Examples, some of each cause</h3>\n<div class=\"cards\">\n");
	json_array_foreach(examples, i, example) put_example(out, comparison, example);
	html_put(out, "</div>\n");
}

// --- the configurations ---

static void put_value(FILE *out, const json_t *value)
{
	char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	html_put(out, "<td>%s</td>", text ? text : json_string_value(value));
	free(text);
}

static void put_configuration(FILE *out, const json_t *rows)
{
	const json_t *row;
	size_t i;

	if (json_array_size(rows) == 0)
		return;
	html_put(out, "<div class=\"wide\"><table>\n<caption>What differs in the "
	              "configuration</caption>\n<thead><tr>"
	              "<th scope=\"col\">Of</th><th scope=\"col\">Name</th><th scope=\"col\">Change</th><th "
	              "scope=\"col\">Field</th><th scope=\"col\">Before</th><th "
	              "scope=\"col\">Now</th></tr></thead>\n"
	              "<tbody>\n");
	json_array_foreach(rows, i, row)
	{
		if (i == PARTS_SHOWN)
			break;
		html_put(out, "<tr><td>%s</td><th scope=\"row\">%s</th><td>%s</td><td>%s</td>",
		        told_text(row, "list"), told_text(row, "name"), told_text(row, "change"),
		        told_text(row, "field"));
		put_value(out, json_object_get(row, "before"));
		put_value(out, json_object_get(row, "after"));
		html_put(out, "</tr>\n");
	}
	html_put(out, "</tbody></table></div>\n");
	if (json_array_size(rows) > PARTS_SHOWN)
		html_put(out,
		        "<p class=\"soft\">And %lld more: <code>parley plan report -o json</code> has "
		        "all.</p>\n",
		        (long long)(json_array_size(rows) - PARTS_SHOWN));
}

// --- one comparison ---

static void put_comparison(FILE *out, const json_t *comparison)
{
	json_int_t changed = told_count(comparison, "changed"),
	           questions = told_count(comparison, "questions"),
	           guessed = changed - told_count(comparison, "explained"),
	           only = told_count(comparison, "only_before") + told_count(comparison, "only_after");

	html_put(out, "<h3>%s instead of %s</h3>\n<p><span class=\"big\">", told_text(comparison, "after"),
	        told_text(comparison, "before"));
	plan_html_share(out, changed, questions);
	html_put(out,
	        "</span><br>%lld of %lld questions would be answered otherwise, going by what a visitor sees "
	        "first.</p>\n",
	        (long long)changed, (long long)questions);
	if (only > 0)
		html_put(out,
		        "<p class=\"note\">%lld questions are asked in one of the two plans only, and are "
		        "not "
		        "counted here.</p>\n",
		        (long long)only);
	if (guessed > 0)
		html_put(out,
		        "<p class=\"note\">Of %lld changes the reason is told from the records alone: the "
		        "snapshot "
		        "or the decision's receipt was not there.</p>\n",
		        (long long)guessed);
	put_configuration(out, json_object_get(comparison, "configuration"));
	if (changed == 0)
		return;
	put_causes(out, comparison);
	put_parts(out, json_object_get(comparison, "zones"), "Zone", "By zone");
	put_parts(out, json_object_get(comparison, "segments"), "Segment",
	        "By the segment whose rule answered before");
	plan_html_matrix(out, json_object_get(comparison, "matrix"));
	put_examples(out, comparison);
}

void plan_html_compared(FILE *out, const json_t *report)
{
	const json_t *compared = json_object_get(report, "compared"), *comparison;
	size_t i;

	html_put(out, "<section aria-labelledby=\"changes\">\n<h2 id=\"changes\">What would change</h2>\n");
	if (json_array_size(json_object_get(compared, "plans")) > 2)
		put_differing(out, compared);
	json_array_foreach(json_object_get(compared, "comparisons"), i, comparison)
	        put_comparison(out, comparison);
	html_put(out, "</section>\n");
}
