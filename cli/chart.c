// Charts say how things compare at a glance; the numbers beside them are the truth. So nothing here rounds up
// to the largest, and what is more than nothing is always seen.
#include "chart.h"

#include <stdlib.h>

static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
static const char *const heights_utf8[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const heights_ascii[] = {" ", ".", ":", "-", "=", "+", "*", "#"};
enum { HEIGHTS = ARRAY_COUNT(heights_utf8), GLYPH_MAX = 4 };

static bool says_utf8(const char *locale)
{
	return strstr(locale, "UTF-8") || strstr(locale, "utf8") || strstr(locale, "UTF8") ||
	       strstr(locale, "utf-8");
}

ChartStyle chart_style(void)
{
	static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < ARRAY_COUNT(variables); i++) {
		const char *value = getenv(variables[i]);

		if (value && *value)
			return says_utf8(value) ? CHART_UTF8 : CHART_ASCII;
	}
	return CHART_ASCII;
}

const char *chart_bar(ChartStyle style, double value, double most, size_t width, Arena *arena)
{
	size_t parts = style == CHART_UTF8 ? ARRAY_COUNT(eighths) : 1, full, rest, len = 0;
	double length = most > 0 && value > 0 ? value / most * (double)(width * parts) : 0;
	char *text = arena_alloc(arena, width * GLYPH_MAX + 1);

	if (style == CHART_NONE || !text || !(length > 0))
		return "";
	length = length < 1 ? 1 : length > (double)(width * parts) ? (double)(width * parts) : length;
	full = (size_t)length / parts;
	rest = (size_t)length % parts;
	for (size_t i = 0; i < full + (rest > 0); i++) {
		const char *glyph = i == full ? eighths[rest] : style == CHART_UTF8 ? "█" : "#";

		memcpy(text + len, glyph, strlen(glyph));
		len += strlen(glyph);
	}
	text[len] = '\0';
	return text;
}

static size_t place_of(double value, double least, double most, size_t width)
{
	double place = (value - least) / (most - least) * (double)(width - 1) + 0.5;

	return place < 0 ? 0 : place > (double)(width - 1) ? width - 1 : (size_t)place;
}

const char *chart_interval(
        ChartStyle style, const double *low_value_high, double least, double most, size_t width, Arena *arena)
{
	static const char *const ascii[] = {" ", "|", "-", "[", "]", "o"}, *const utf8[] = {" ", "│", "─",
	                                                                           "├", "┤", "●"};
	const char *const *glyphs = style == CHART_UTF8 ? utf8 : ascii;
	char *text = arena_alloc(arena, width * GLYPH_MAX + 1), *end = text;
	size_t places[3], zero = place_of(0, least, most, width);

	if (style == CHART_NONE || !text || !(most > least))
		return "";
	for (size_t i = 0; i < ARRAY_COUNT(places); i++)
		places[i] = place_of(low_value_high[i], least, most, width);
	for (size_t i = 0; i < width; i++) {
		const char *glyph = i == places[1]                   ? glyphs[5]
		                    : i == places[0]                 ? glyphs[3]
		                    : i == places[2]                 ? glyphs[4]
		                    : i == zero                      ? glyphs[1]
		                    : i > places[0] && i < places[2] ? glyphs[2]
		                                                     : glyphs[0];

		memcpy(end, glyph, strlen(glyph));
		end += strlen(glyph);
	}
	*end = '\0';
	return text;
}

static double run_mean(const double *values, size_t first, size_t beyond)
{
	double sum = 0;

	for (size_t i = first; i < beyond; i++)
		sum += values[i];
	return sum / (double)(beyond - first);
}

// Only 0 has the lowest height.
static size_t height_of(double value, double most)
{
	double height = most > 0 && value > 0 ? value / most * (HEIGHTS - 1) : 0;

	if (!(height > 0))
		return 0;
	return height < 1 ? 1 : height > HEIGHTS - 1 ? HEIGHTS - 1 : (size_t)height;
}

const char *chart_line(ChartStyle style, const double *values, size_t count, size_t width, Arena *arena)
{
	size_t drawn = count < width ? count : width, len = 0;
	double *runs = ARENA_ARRAY(arena, double, drawn + 1), most = 0;
	char *text = arena_alloc(arena, drawn * GLYPH_MAX + 1);

	if (style == CHART_NONE || !runs || !text || !drawn)
		return "";
	for (size_t i = 0; i < drawn; i++) {
		runs[i] = run_mean(values, i * count / drawn, (i + 1) * count / drawn);
		most = runs[i] > most ? runs[i] : most;
	}
	for (size_t i = 0; i < drawn; i++) {
		const char *const *heights = style == CHART_UTF8 ? heights_utf8 : heights_ascii;
		const char *glyph = heights[height_of(runs[i], most)];

		memcpy(text + len, glyph, strlen(glyph));
		len += strlen(glyph);
	}
	text[len] = '\0';
	return text;
}
