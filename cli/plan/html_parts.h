// What the files of the HTML report share: each writes a section, from what plan_review_json tells.
#pragma once
#include "plan/html.h"
#include "told.h"

extern const char plan_html_style[];

// --- html_compare.c, html_value.c, html_totals.c ---

void plan_html_compared(FILE *out, const json_t *report);
void plan_html_values(FILE *out, const json_t *report);
void plan_html_totals(FILE *out, const json_t *report);

// --- html_chart.c ---

enum { HTML_COLOURS = 8 };
// A bar of `value` of `most`, in the colour of a plan. The number stands beside it, so nobody has to see it.
void plan_html_bar(FILE *out, double value, double most, size_t colour);
// Four digits of it; a dash if it is none.
const char *plan_html_number(double value, char text[32]);
// The share of `part` in `whole` as text, such as "2.63 %"; empty if there is no whole.
void plan_html_share(FILE *out, json_int_t part, json_int_t whole);
