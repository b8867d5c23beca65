// What the plans are worth: intervals on one scale, the numbers, and whether the data can tell at all.
#include "plan/html_parts.h"

enum {
	LABEL_WIDTH = 170,
	CHART_WIDTH = 720,
	ROW_HEIGHT = 24,
	TOP = 22,
	TICKS = 5,
	SCALE_MARGIN = 40,
};

// The estimates that are drawn, the steadiest last.
static const char *const drawn[] = {"ipw", "snipw", "dr"};
static const char *const drawn_titles[] = {"Inverse propensity", "Self-normalised", "Doubly robust"};
enum { DRAWN = sizeof drawn / sizeof *drawn };

typedef struct Scale {
	double least, most;
} Scale;

static const json_t *value_of(const json_t *plan)
{
	return json_object_get(plan, "value");
}

static const json_t *estimate_of(const json_t *plan, const char *name)
{
	const json_t *estimate;
	size_t i;

	json_array_foreach(json_object_get(value_of(plan), "estimates"), i,
	        estimate) if (strcmp(told_text(estimate, "estimate"), name) == 0) return estimate;
	return NULL;
}

static bool is_told(const json_t *plan)
{
	return estimate_of(plan, "dr") != NULL;
}

static size_t told_plans(const json_t *report)
{
	const json_t *plan;
	size_t i, count = 0;

	json_array_foreach(json_object_get(report, "plans"), i, plan) count += is_told(plan);
	return count;
}

// The same for all, since it is of the log.
static const json_t *logged_of(const json_t *report)
{
	const json_t *plan;
	size_t i;

	json_array_foreach(json_object_get(report, "plans"), i, plan) if (is_told(plan)) return estimate_of(
	        plan, "logged");
	return NULL;
}

// --- the chart ---

static void widen(Scale *scale, double value)
{
	scale->least = fmin(scale->least, value); // fmin leaves a NAN out
	scale->most = fmax(scale->most, value);
}

static Scale scale_of(const json_t *report)
{
	Scale scale = {0, 0};
	const json_t *plan;
	size_t i;

	json_array_foreach(json_object_get(report, "plans"), i, plan)
	{
		widen(&scale, told_number(estimate_of(plan, "logged"), "value"));
		for (size_t j = 0; j < DRAWN; j++) {
			widen(&scale, told_number(estimate_of(plan, drawn[j]), "low"));
			widen(&scale, told_number(estimate_of(plan, drawn[j]), "high"));
		}
	}
	if (!(scale.most > scale.least))
		scale.most = scale.least + 1;
	return scale;
}

static double x_of(Scale scale, double value)
{
	return LABEL_WIDTH + (CHART_WIDTH - LABEL_WIDTH - SCALE_MARGIN) * (value - scale.least) /
	                             (scale.most - scale.least);
}

// 1, 2 or 5 times a power of ten, so that about TICKS of them fit.
static double step_of(Scale scale)
{
	double rough = (scale.most - scale.least) / TICKS, power = pow(10, floor(log10(rough)));

	return rough <= power       ? power
	       : rough <= 2 * power ? 2 * power
	       : rough <= 5 * power ? 5 * power
	                            : 10 * power;
}

static void put_axis(FILE *out, Scale scale, int height)
{
	double step = step_of(scale);
	char text[32];

	for (double i = ceil(scale.least / step); i * step <= scale.most; i += 1)
		html_put(out,
		        "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/><text "
		        "class=\"tick\" "
		        "x=\"%.1f\" y=\"12\" text-anchor=\"middle\">%s</text>",
		        x_of(scale, i * step), x_of(scale, i * step), TOP - 4, height, x_of(scale, i * step),
		        plan_html_number(i * step, text));
}

static void put_interval(FILE *out, Scale scale, const json_t *estimate, int y, size_t colour)
{
	double low = told_number(estimate, "low"), value = told_number(estimate, "value"),
	       high = told_number(estimate, "high");

	if (!isfinite(low) || !isfinite(value) || !isfinite(high))
		return;
	html_put(out,
	        "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" "
	        "style=\"stroke:var(--p%d);stroke-width:3\"/>"
	        "<circle cx=\"%.1f\" cy=\"%d\" r=\"5\" style=\"fill:var(--p%d)\"/>",
	        x_of(scale, low), x_of(scale, high), y, y, (int)(colour % HTML_COLOURS), x_of(scale, value),
	        y, (int)(colour % HTML_COLOURS));
}

static void put_chart(FILE *out, const json_t *report)
{
	Scale scale = scale_of(report);
	int height = TOP + (int)(told_plans(report) * (DRAWN + 1) + 1) * ROW_HEIGHT, y = TOP + ROW_HEIGHT / 2;
	double logged = told_number(logged_of(report), "value");
	const json_t *plan;
	size_t i;

	html_put(out,
	        "<div class=\"wide\"><svg class=\"chart\" role=\"img\" aria-label=\"Estimates with 95 "
	        "percent intervals; the table below has the "
	        "numbers\" "
	        "viewBox=\"0 0 %d %d\" width=\"%d\">",
	        CHART_WIDTH, height, CHART_WIDTH);
	put_axis(out, scale, height - ROW_HEIGHT);
	json_array_foreach(json_object_get(report, "plans"), i, plan)
	{
		if (!is_told(plan))
			continue;
		html_put(
		        out, "<text class=\"of\" x=\"0\" y=\"%d\">%s</text>", y + 4, told_text(plan, "name"));
		y += ROW_HEIGHT;
		for (size_t j = 0; j < DRAWN; j++, y += ROW_HEIGHT) {
			html_put(out, "<text x=\"14\" y=\"%d\">%s</text>", y + 4, drawn_titles[j]);
			put_interval(out, scale, estimate_of(plan, drawn[j]), y, i);
		}
	}
	if (isfinite(logged))
		html_put(out,
		        "<line class=\"zero\" stroke-dasharray=\"4 4\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" "
		        "y2=\"%d\"/><text "
		        "class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">earned in fact</text>",
		        x_of(scale, logged), x_of(scale, logged), TOP - 4, height - ROW_HEIGHT,
		        x_of(scale, logged), height - 6);
	html_put(out, "</svg></div>\n");
}

// --- the table ---

static void put_estimate(FILE *out, const json_t *estimate)
{
	char value[32], low[32], high[32];

	html_put(out, "<td class=\"n\">%s<br><span class=\"soft\">%s to %s</span></td>",
	        plan_html_number(told_number(estimate, "value"), value),
	        plan_html_number(told_number(estimate, "low"), low),
	        plan_html_number(told_number(estimate, "high"), high));
}

static void put_row(FILE *out, const json_t *plan, size_t colour, bool several)
{
	static const char *const columns[] = {"ipw", "snipw", "dr", "gain"};
	const json_t *value = value_of(plan);
	char text[32];

	html_put(out,
	        "<tr><th scope=\"row\"><span class=\"dot\" style=\"background:var(--p%d)\"></span>%s</th>",
	        (int)(colour % HTML_COLOURS), told_text(plan, "name"));
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		put_estimate(out, estimate_of(plan, columns[i]));
	if (several && estimate_of(plan, "over"))
		put_estimate(out, estimate_of(plan, "over"));
	else if (several)
		html_put(out, "<td></td>");
	html_put(out, "<td class=\"n\">%s<br><span class=\"soft\">of %lld</span></td><td>%s</td></tr>\n",
	        plan_html_number(round(told_number(value, "effective_rows")), text),
	        (long long)told_count(value, "rows"), told_text(value, "support"));
}

static void put_table(FILE *out, const json_t *report)
{
	const json_t *plans = json_object_get(report, "plans"), *plan;
	bool several = json_array_size(plans) > 1;
	size_t i;

	html_put(out,
	        "<div class=\"wide\"><table>\n<caption>Reward per decision, with 95 %% intervals</caption>\n"
	        "<thead><tr><th scope=\"col\">Plan</th>");
	for (i = 0; i < DRAWN; i++)
		html_put(out, "<th scope=\"col\" class=\"n\">%s</th>", drawn_titles[i]);
	html_put(out, "<th scope=\"col\" class=\"n\">Gain over what was earned</th>");
	if (several)
		html_put(out, "<th scope=\"col\" class=\"n\">More than %s</th>",
		        told_text(json_array_get(plans, 0), "name"));
	html_put(out, "<th scope=\"col\" class=\"n\">Effective rows</th><th "
	              "scope=\"col\">Support</th></tr></thead>\n"
	              "<tbody>\n");
	json_array_foreach(plans, i, plan) if (is_told(plan)) put_row(out, plan, i, several);
	html_put(out, "</tbody></table></div>\n");
}

// --- verdicts ---

static void put_verdict(FILE *out, const json_t *plan)
{
	const json_t *value = value_of(plan);
	bool none = strcmp(told_text(value, "support"), "none") == 0;

	if (!is_told(plan))
		html_put(out, "<p class=\"note\"><b>%s</b>: no expected value: %s.</p>\n",
		        told_text(plan, "name"), told_text(value, "why"));
	else if (*told_text(value, "why"))
		html_put(out, "<p class=\"note\"><b>%s</b>: %s: %s.</p>\n", told_text(plan, "name"),
		        none ? "the data cannot support an estimate, so believe no number above"
		             : "support is weak, so read the interval and not the value",
		        told_text(value, "why"));
	if (is_told(plan) && told_count(value, "without_propensity") > 0)
		html_put(out, "<p class=\"soft\">%lld outcomes have no propensity and are left out.</p>\n",
		        (long long)told_count(value, "without_propensity"));
}

void plan_html_values(FILE *out, const json_t *report)
{
	const json_t *plan;
	size_t i;

	html_put(out, "<section aria-labelledby=\"worth\">\n<h2 id=\"worth\">Expected value</h2>\n");
	if (told_plans(report) > 0) {
		char value[32], low[32], high[32];

		html_put(out, "<p>What each plan would have earned on the decisions whose outcome the event "
		              "set knows, "
		              "estimated from what was really shown, how likely that was, and what came of "
		              "it. Read the "
		              "doubly robust estimate first.</p>\n");
		put_chart(out, report);
		html_put(out, "<p>Earned in fact: <b>%s</b> a decision, %s to %s.</p>\n",
		        plan_html_number(told_number(logged_of(report), "value"), value),
		        plan_html_number(told_number(logged_of(report), "low"), low),
		        plan_html_number(told_number(logged_of(report), "high"), high));
		put_table(out, report);
	}
	json_array_foreach(json_object_get(report, "plans"), i, plan) put_verdict(out, plan);
	html_put(out, "</section>\n");
}
