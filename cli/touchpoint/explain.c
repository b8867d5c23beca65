// A reason code is for programs; a person asks "which one?" and "what would have to be different?". Each row
// answers with the name or the expression that the server gave along with the code, and with the code's own
// words where it gave none.
#include "touchpoint/explain.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { ROW_TEXT = 1024 };

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void set_text(json_t *row, const char *key, const char *text)
{
	if (*text)
		json_object_set_new(row, key, json_string(text));
}

// --- candidates ---

static const struct {
	const char *reason, *text;
} reasons[] = {
#define REASON_ROW(id, text) {#id, text},
#include "decide/reason_table.h"
#undef REASON_ROW
};

// How a reason's detail reads; those that are not here have an error as their detail.
typedef struct Detail {
	const char *reason, *before, *behind;
} Detail;
static const Detail details[] = {
        {"SEGMENT_NOT_MATCHED", "not in ", ""},
        {"CAMPAIGN_INACTIVE", "the campaign ", " is not running"},
        {"CONTROL_GROUP", "held out of the cell ", ""},
        {"ZONE_EXCLUDED", "by the offer's ", ""},
        {"REQUEST_FILTERED", "by the offer's ", ""},
        {"SUPPRESSED_ACCEPTED", "by the rule ", ""},
        {"SUPPRESSED_REJECTED", "by the rule ", ""},
        {"SUPPRESSED_PRESENTED", "by the rule ", ""},
        {"SUPPRESSED_RELATED", "by the rule ", ""},
        {"SESSION_LIMIT", "by the constraint ", ""},
        {"VISITOR_LIMIT", "by the constraint ", ""},
        {"VOLUME_LIMIT", "by the constraint ", ""},
};

static const Detail *detail_of(const char *reason)
{
	for (size_t i = 0; i < sizeof details / sizeof *details; i++)
		if (strcmp(details[i].reason, reason) == 0)
			return &details[i];
	return NULL;
}

static const char *words_of(const char *reason)
{
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (strcmp(reasons[i].reason, reason) == 0)
			return reasons[i].text;
	return "";
}

static void set_why(json_t *row, const json_t *candidate)
{
	const char *reason = text_of(candidate, "reason"), *predicate = text_of(candidate, "predicate"),
	           *detail = text_of(candidate, "detail");
	const Detail *words = detail_of(reason);
	char text[ROW_TEXT];

	if (words && *detail)
		snprintf(text, sizeof text, "%s%s%s%s%s", words->before, detail, words->behind,
		        *predicate ? ": " : "", predicate);
	else
		snprintf(text, sizeof text, "%s%s%s", predicate, *predicate && *detail ? ": " : "", detail);
	set_text(row, "why", *text ? text : words_of(reason));
}

// What it was screened out before scoring has none.
static void set_score(json_t *row, const json_t *candidate)
{
	const json_t *parts = json_object_get(candidate, "score_parts");
	double marketer = json_number_value(json_object_get(parts, "marketer_score")),
	       final = json_number_value(json_object_get(parts, "final_score"));
	char text[64];

	if (!parts)
		return;
	// An individual offer's own score overrides itself.
	if (json_is_true(json_object_get(parts, "overridden")) && fpclassify(final - marketer) != FP_ZERO)
		snprintf(text, sizeof text, "%g, overriding %g", final, marketer);
	else
		snprintf(text, sizeof text, "%g", final);
	set_text(row, "score", text);
}

static void set_cell(json_t *row, const json_t *candidate)
{
	const char *campaign = text_of(candidate, "campaign"), *cell = text_of(candidate, "cell");
	char text[ROW_TEXT];

	snprintf(text, sizeof text, "%s%s%s", campaign, *cell ? "/" : "", cell);
	set_text(row, "cell", text);
}

json_t *explain_candidates(const json_t *candidates)
{
	json_t *rows = json_array();
	const json_t *candidate;
	size_t i;

	json_array_foreach(candidates, i, candidate)
	{
		json_t *row = json_object();

		set_text(row, "offer", text_of(candidate, "offer_code"));
		set_text(row, "origin", text_of(candidate, "origin"));
		set_text(row, "by", text_of(candidate, "treatment_rule"));
		set_text(row, "reason", text_of(candidate, "reason"));
		set_cell(row, candidate);
		set_score(row, candidate);
		set_why(row, candidate);
		json_array_append_new(rows, row);
	}
	return rows;
}

// --- segments ---

static void set_what(json_t *row, const json_t *step)
{
	const char *segment = text_of(step, "segment"), *branch = text_of(step, "branch"),
	           *beaten_by = text_of(step, "beaten_by");
	bool matched = json_is_true(json_object_get(step, "matched"));
	char text[ROW_TEXT];

	if (*segment && *beaten_by)
		snprintf(text, sizeof text, "not in %s: %s of its group comes first", segment, beaten_by);
	else if (*segment)
		snprintf(text, sizeof text, "%s%s", matched ? "in " : "not in ", segment);
	else if (*branch)
		snprintf(text, sizeof text, "takes the branch %s", branch);
	else
		snprintf(text, sizeof text, "%s", matched ? "done" : "goes on");
	set_text(row, "what", text);
}

json_t *explain_segments(const json_t *trace)
{
	json_t *rows = json_array();
	const json_t *step;
	size_t i;

	json_array_foreach(trace, i, step)
	{
		json_t *row = json_object();
		const char *predicate = text_of(step, "predicate"), *error = text_of(step, "error");
		char why[ROW_TEXT];

		snprintf(why, sizeof why, "%s%s%s", predicate, *predicate && *error ? ": " : "", error);
		set_text(row, "flow", *text_of(step, "flow") ? text_of(step, "flow") : "-");
		set_text(row, "step", text_of(step, "step"));
		set_text(row, "why", why);
		set_what(row, step);
		json_array_append_new(rows, row);
	}
	return rows;
}
