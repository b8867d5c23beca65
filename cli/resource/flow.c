// What a tree shows best is the order of the questions; that several ways may lead to one step, an arrow
// says.
#include "resource/flow.h"

#include "output.h"

typedef struct Drawing {
	Arena *arena;
	const json_t *steps;
	const char *name; // the flow's
	json_t *drawn;    // names of steps
	char *text;
} Drawing;

static const char *text_in(const Drawing *drawing, const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);
	Str text = str_n(json_string_value(value), json_string_length(value));

	return arena_cstr(drawing->arena, text_printable(drawing->arena, text));
}

static const json_t *step_named(const Drawing *drawing, const char *name)
{
	const json_t *step;
	size_t i;

	json_array_foreach(
	        drawing->steps, i, step) if (strcmp(text_in(drawing, step, "name"), name) == 0) return step;
	return NULL;
}

__attribute__((format(printf, 2, 3))) static void put(Drawing *drawing, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	drawing->text = arena_printf(
	        drawing->arena, "%s%s\n", drawing->text, arena_vprintf(drawing->arena, fmt, args));
	va_end(args);
}

static bool is_kind(const Drawing *drawing, const json_t *step, const char *kind)
{
	return strcmp(text_in(drawing, step, "kind"), kind) == 0;
}

static void put_step(Drawing *drawing, const json_t *step, const char *indent)
{
	const char *name = text_in(drawing, step, "name"), *salt = text_in(drawing, step, "salt");

	if (is_kind(drawing, step, "SAMPLE"))
		put(drawing, "%s%s: a share by the hash of %s", indent, name,
		        *salt ? salt : arena_printf(drawing->arena, "%s/%s", drawing->name, name));
	else if (is_kind(drawing, step, "SET_ATTRIBUTE"))
		put(drawing, "%s%s: %s = %s", indent, name, text_in(drawing, step, "attribute"),
		        text_in(drawing, step, "value"));
	else if (is_kind(drawing, step, "SEGMENT"))
		put(drawing, "%s%s: into segment %s", indent, name, text_in(drawing, step, "segment"));
	else
		put(drawing, "%s%s: the first that holds", indent, name);
}

// "minor: age < 18", "33.3333 %"
static const char *label_of(const Drawing *drawing, const json_t *branch)
{
	const char *name = text_in(drawing, branch, "name"),
	           *condition = text_in(drawing, branch, "condition");
	const json_t *share = json_object_get(branch, "share_percent");

	if (share)
		condition = arena_printf(drawing->arena, "%.10g %%", json_number_value(share));
	return *name ? arena_printf(drawing->arena, "%s: %s", name, condition) : condition;
}

static double shares_of(const json_t *branches)
{
	const json_t *branch;
	double sum = 0;
	size_t i;

	json_array_foreach(branches, i, branch) sum +=
	        json_number_value(json_object_get(branch, "share_percent"));
	return sum;
}

static void draw_from(Drawing *drawing, const char *name, const char *indent);

static void draw_way(Drawing *drawing, const char *label, const char *next, const char *indent, bool last)
{
	put(drawing, "%s%s %s%s", indent, last ? "└─" : "├─", label, *next ? "" : " → the end");
	if (*next)
		draw_from(drawing, next, arena_printf(drawing->arena, "%s%s", indent, last ? "   " : "│  "));
}

static void draw_ways(Drawing *drawing, const json_t *step, const char *indent)
{
	const json_t *branches = json_object_get(step, "branches"), *branch;
	size_t i, count = json_array_size(branches);
	bool all = shares_of(branches) > 100 - 1e-9; // nobody is left for the way behind the branches

	json_array_foreach(branches, i, branch) draw_way(drawing, label_of(drawing, branch),
	        text_in(drawing, branch, "next"), indent, all && i + 1 == count);
	if (!all)
		draw_way(drawing, "otherwise", text_in(drawing, step, "next"), indent, true);
}

// The recursion is bounded: each step is drawn once, and the server refuses cycles.
static void draw_from(Drawing *drawing, const char *name, const char *indent)
{
	while (*name) {
		const json_t *step = step_named(drawing, name);

		if (!step || json_object_get(drawing->drawn, name)) {
			put(drawing, "%s→ %s", indent, name);
			return;
		}
		json_object_set_new(drawing->drawn, name, json_true());
		put_step(drawing, step, indent);
		if (json_array_size(json_object_get(step, "branches"))) {
			draw_ways(drawing, step, indent);
			return;
		}
		name = text_in(drawing, step, "next");
	}
}

Str flow_draw(const json_t *flow, Arena *arena)
{
	CLEANUP(json_decrefp_) json_t *drawn = json_object();
	Drawing drawing = {.arena = arena,
	        .steps = json_object_get(flow, "steps"),
	        .drawn = drawn,
	        .text = arena_cstr(arena, (Str){0})};

	drawing.name = text_in(&drawing, flow, "name");
	put(&drawing, "%s, for visitors of %s", drawing.name, text_in(&drawing, flow, "audience_level"));
	draw_from(&drawing, text_in(&drawing, json_array_get(drawing.steps, 0), "name"), "");
	return str(drawing.text);
}
