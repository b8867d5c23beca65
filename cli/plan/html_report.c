// The report is told from JSON, so the HTML says nothing that programs cannot read as well. Everything is in
// the one file: no script, no font, no picture from elsewhere, and the page forbids itself to load any.
#include "plan/html_report.h"

#include "plan/html_parts.h"

#include "base/file.h"

#include <stdlib.h>

static size_t plan_count(const json_t *report)
{
	return json_array_size(json_object_get(report, "plans"));
}

static const json_t *first_plan(const json_t *report)
{
	return json_array_get(json_object_get(report, "plans"), 0);
}

// --- the top ---

static void put_names(FILE *out, const json_t *report)
{
	const json_t *plan;
	size_t i;

	json_array_foreach(json_object_get(report, "plans"), i, plan) html_put(out, "%s%s",
	        i == 0                        ? ""
	        : i + 1 == plan_count(report) ? " and "
	                                      : ", ",
	        told_text(plan, "name"));
}

static void put_head(FILE *out, const json_t *report)
{
	html_put(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	              "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
	              "'unsafe-inline'\">\n<title>Plan report: ");
	put_names(out, report);
	html_put(out, "</title>\n<style>\n");
	fputs(plan_html_style, out);
	html_put(out, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the report</a>\n");
}

// "2026-01-31", or with `clock` "2026-01-31 08:00 UTC".
static void put_time(FILE *out, const json_t *plan, const char *name, bool clock)
{
	const char *time = told_text(plan, name);
	char text[64];

	if (strlen(time) < 16)
		return;
	snprintf(text, sizeof text, "%.10s%s%.5s%s", time, clock ? " " : "", clock ? time + 11 : "",
	        clock ? " UTC" : "");
	html_put(out, "<time datetime=\"%s\">%s</time>", time, text);
}

// The report in a sentence or two.
static void put_lead(FILE *out, const json_t *report)
{
	const json_t *plan = first_plan(report), *comparison;
	size_t i;

	html_put(out, "<p class=\"lead\">What ");
	if (*told_text(plan, "set_name"))
		html_put(out, "the %lld events of <b>%s</b>", (long long)told_count(plan, "events"),
		        told_text(plan, "set_name"));
	else
		html_put(out, "an event set that is not here any more");
	if (*told_text(plan, "first")) {
		html_put(out, ", from ");
		put_time(out, plan, "first", false);
		html_put(out, " to ");
		put_time(out, plan, "last", false);
		html_put(out, ",");
	}
	html_put(out, " would do in the channel <b>%s</b>. Nothing of it has happened.</p>\n",
	        told_text(plan, "channel"));
	json_array_foreach(json_object_get(json_object_get(report, "compared"), "comparisons"), i, comparison)
	{
		html_put(out, "<p class=\"lead\"><b>%s</b> would answer %lld of %lld questions (",
		        told_text(comparison, "after"), (long long)told_count(comparison, "changed"),
		        (long long)told_count(comparison, "questions"));
		plan_html_share(out, told_count(comparison, "changed"), told_count(comparison, "questions"));
		html_put(out, ") otherwise than %s.</p>\n", told_text(comparison, "before"));
	}
}

static void put_contents(FILE *out, bool compared)
{
	html_put(out, "<nav aria-label=\"Contents\"><ol>\n<li><a href=\"#approve\">To be approved</a></li>\n"
	              "<li><a href=\"#planned\">What was planned</a></li>\n");
	if (compared)
		html_put(out, "<li><a href=\"#changes\">What would change</a></li>\n");
	html_put(out, "<li><a href=\"#worth\">Expected value</a></li>\n"
	              "<li><a href=\"#totals\">Totals</a></li>\n"
	              "<li><a href=\"#struck\">Suppressed and struck</a></li>\n"
	              "<li><a href=\"#problems\">Problems</a></li>\n</ol></nav>\n");
}

// --- what is approved ---

static void put_approve(FILE *out, const json_t *report)
{
	const json_t *plan;
	size_t i;

	html_put(out, "<section aria-labelledby=\"approve\">\n<h2 id=\"approve\">To be approved</h2>\n"
	              "<p>An approval signs the hash of a plan's whole effect set. If what is to be executed "
	              "has another "
	              "hash than the one that stands here, it is not what this report tells.</p>\n<div "
	              "class=\"cards\">\n");
	json_array_foreach(json_object_get(report, "plans"), i, plan)
	{
		html_put(out,
		        "<div class=\"card\">\n<h3><span class=\"dot\" "
		        "style=\"background:var(--p%d)\"></span>%s</h3>\n"
		        "<p class=\"hash\">%s</p>\n<p class=\"soft\">SHA-256 of %lld effects, planned ",
		        (int)(i % HTML_COLOURS), told_text(plan, "name"), told_text(plan, "digest"),
		        (long long)told_count(plan, "effects"));
		put_time(out, plan, "made", true);
		html_put(out,
		        "</p>\n<p class=\"soft\">Signed by <code>parley plan approve %s \\\n"
		        "    --env ENVIRONMENT --key FILE</code></p>\n</div>\n",
		        told_text(plan, "name"));
	}
	html_put(out, "</div>\n</section>\n");
}

// --- what was planned ---

static void put_heads(FILE *out, const json_t *report, const char *corner, const char *class)
{
	const json_t *plan;
	size_t i;

	html_put(out, "<thead><tr><th scope=\"col\">%s</th>", corner);
	json_array_foreach(json_object_get(report, "plans"), i, plan) html_put(out,
	        "<th scope=\"col\" class=\"%s\"><span class=\"dot\" "
	        "style=\"background:var(--p%d)\"></span>%s</th>",
	        class, (int)(i % HTML_COLOURS), told_text(plan, "name"));
	html_put(out, "</tr></thead>\n<tbody>\n");
}

static void put_input(FILE *out, const json_t *report, const char *title, const char *name, const char *none)
{
	const json_t *plan;
	size_t i;

	html_put(out, "<tr><th scope=\"row\">%s</th>", title);
	json_array_foreach(json_object_get(report, "plans"), i, plan)
	{
		const json_t *value = json_object_get(plan, name);

		if (json_is_integer(value)) {
			char text[32];

			snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
			html_put(out, "<td><code>%s</code></td>", text);
		} else if (*told_text(plan, name))
			html_put(out, "<td><code>%s</code></td>", told_text(plan, name));
		else
			html_put(out, "<td class=\"soft\">%s</td>", none);
	}
	html_put(out, "</tr>\n");
}

static void put_count(FILE *out, const json_t *report, const char *title, const char *name)
{
	const json_t *plan;
	double most = 0;
	size_t i;

	json_array_foreach(json_object_get(report, "plans"), i, plan) most =
	        fmax(most, (double)told_count(plan, name));
	html_put(out, "<tr><th scope=\"row\">%s</th>", title);
	json_array_foreach(json_object_get(report, "plans"), i, plan)
	{
		html_put(out, "<td class=\"n\">%lld", (long long)told_count(plan, name));
		plan_html_bar(out, (double)told_count(plan, name), most, i);
		html_put(out, "</td>");
	}
	html_put(out, "</tr>\n");
}

static void put_planned(FILE *out, const json_t *report)
{
	html_put(out, "<section aria-labelledby=\"planned\">\n<h2 id=\"planned\">What was planned</h2>\n"
	              "<div class=\"wide\"><table>\n<caption>What each plan came to</caption>\n");
	put_heads(out, report, "Counted", "n");
	put_count(out, report, "Sessions", "sessions");
	put_count(out, report, "Events posted", "events_posted");
	put_count(out, report, "Questions", "questions");
	put_count(out, report, "Offers recommended", "recommended");
	put_count(out, report, "Questions without an offer", "unanswered");
	put_count(out, report, "Problems", "problems");
	html_put(out, "</tbody></table></div>\n<div class=\"wide\"><table>\n<caption>What each plan was made "
	              "of: the "
	              "same again gives the same plan, byte for byte</caption>\n");
	put_heads(out, report, "Input", "");
	put_input(out, report, "Event set", "set_name", "not here any more");
	put_input(out, report, "Its SHA-256", "set", "");
	put_input(out, report, "Snapshot, SHA-256", "snapshot", "");
	put_input(out, report, "Visitor state, SHA-256", "state", "begins with none");
	put_input(out, report, "Profiles, SHA-256", "profiles", "none");
	put_input(out, report, "Counts as shown by", "contact_event", "nothing is shown");
	put_input(out, report, "Seed", "seed", "");
	html_put(out, "</tbody></table></div>\n</section>\n");
}

// --- all of it ---

void plan_html(FILE *out, const json_t *report)
{
	bool compared = json_object_get(report, "compared") != NULL;

	put_head(out, report);
	html_put(out, "<header>\n<p class=\"eyebrow\">Parley · plan report</p>\n<h1>");
	put_names(out, report);
	html_put(out, "</h1>\n");
	put_lead(out, report);
	html_put(out, "</header>\n");
	put_contents(out, compared);
	html_put(out, "<main id=\"main\">\n");
	put_approve(out, report);
	put_planned(out, report);
	if (compared)
		plan_html_compared(out, report);
	plan_html_values(out, report);
	plan_html_totals(out, report);
	html_put(out, "</main>\n<footer><p>Made by <code>parley plan report</code>. <code>-o json</code> "
	              "gives the same to "
	              "programs.</p></footer>\n</body>\n</html>\n");
}

Err plan_html_write(const json_t *report, const char *path)
{
	char *bytes = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&bytes, &size);

	if (!out)
		return err(ERR_NO_MEMORY, "no memory for a report");
	plan_html(out, report);
	bool whole = !ferror(out);
	whole = fclose(out) == 0 && whole;
	Err e = OK;
	if (!whole)
		e = err(ERR_NO_MEMORY, "no memory for a report");
	else if (strcmp(path, "-") == 0)
		fwrite(bytes, 1, size, stdout);
	else
		e = file_write_durable(path, str_n(bytes, size), 0644);
	free(bytes);
	return e;
}
