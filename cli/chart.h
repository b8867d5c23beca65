// Small charts of text: bars, and lines of one character a day.
#pragma once
#include "base/arena.h"
#include "base/error.h"

typedef enum ChartStyle { CHART_NONE, CHART_ASCII, CHART_UTF8 } ChartStyle;

// UTF-8 if the environment says that the terminal understands it, by LC_ALL, else LC_CTYPE, else LANG.
ChartStyle chart_style(void);
// `value` of `most` as a bar of at most `width` characters; something is never nothing: what is more than 0
// is at least the shortest bar. Empty if there is nothing to draw.
// What lies between two ends, on a scale of so many places from `least` to `most` with a mark at 0. The
// result lives in `arena`; empty if there is nothing to draw.
const char *chart_interval(ChartStyle style, const double *low_value_high, double least, double most,
        size_t width, Arena *arena);
const char *chart_bar(ChartStyle style, double value, double most, size_t width, Arena *arena);
// One character a value, by its height of the largest; 0 is a blank in ASCII, the lowest block in UTF-8. More
// than `width` values are drawn in runs, each as high as its mean.
const char *chart_line(ChartStyle style, const double *values, size_t count, size_t width, Arena *arena);
