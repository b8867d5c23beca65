#include "plan/html_parts.h"

enum { BAR_WIDTH = 120, BAR_HEIGHT = 6 };

void plan_html_bar(FILE *out, double value, double most, size_t colour)
{
	double width = most > 0 && value > 0 ? BAR_WIDTH * value / most : 0;

	// What is more than nothing is seen.
	html_put(out,
	        "<svg aria-hidden=\"true\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">"
	        "<rect class=\"track\" width=\"%d\" height=\"%d\" rx=\"2\"/>",
	        BAR_WIDTH, BAR_HEIGHT, BAR_WIDTH, BAR_HEIGHT, BAR_WIDTH, BAR_HEIGHT);
	html_put(out, "<rect width=\"%.1f\" height=\"%d\" rx=\"2\" style=\"fill:var(--p%d)\"/></svg>",
	        width > 0 && width < 1 ? 1 : width, BAR_HEIGHT, (int)(colour % HTML_COLOURS));
}

const char *plan_html_number(double value, char text[32])
{
	if (isfinite(value))
		snprintf(text, 32, "%.4g", value);
	else
		snprintf(text, 32, "–");
	return text;
}

void plan_html_share(FILE *out, json_int_t part, json_int_t whole)
{
	if (whole > 0)
		html_put(out, "%.2f %%", 100 * (double)part / (double)whole);
}
