// What evidence says of a comparison. Its length is limited, so what no gate needs goes first.
#include "release/behaviour.h"

enum { MOVES_MAX = 20 };

static json_t *group_json(const BehaviourGroup *group)
{
	return json_pack("{s:s, s:I, s:I, s:I}", "name", group->name, "questions",
	        (json_int_t)group->questions, "changed_winners", (json_int_t)group->winners, "changed_offers",
	        (json_int_t)group->offers);
}

static json_t *groups_json(const BehaviourGroup *groups, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		if (groups[i].questions)
			json_array_append_new(list, group_json(&groups[i]));
	return list;
}

// Takes `rows` over; equal ones stay in their order.
static json_t *most_frequent(json_t *rows, size_t max)
{
	json_t *list = json_array();
	while (json_array_size(rows) && json_array_size(list) < max) {
		size_t best = 0, i;
		json_int_t most = -1;
		const json_t *row;
		json_array_foreach(rows, i, row)
		{
			json_int_t count = json_integer_value(json_object_get(row, "count"));
			if (count > most) {
				most = count;
				best = i;
			}
		}
		json_array_append(list, json_array_get(rows, best));
		json_array_remove(rows, best);
	}
	json_decref(rows);
	return list;
}

static json_t *moves_json(json_t *moves)
{
	json_t *rows = json_array(), *to, *count;
	const char *from, *code;
	json_object_foreach(moves, from, to) json_object_foreach(to, code, count) json_array_append_new(
	        rows, json_pack("{s:s, s:s, s:O}", "from", from, "to", code, "count", count));
	return rows;
}

static json_t *lost_json(json_t *lost)
{
	json_t *rows = json_array(), *count;
	const char *name;
	json_object_foreach(lost, name, count)
	        json_array_append_new(rows, json_pack("{s:s, s:O}", "what", name, "count", count));
	return rows;
}

json_t *behaviour_report(const Behaviour *b)
{
	json_t *report = group_json(&b->all);
	json_object_del(report, "name");
	json_object_set_new(report, "decisions", json_integer((json_int_t)b->decisions));
	json_object_set_new(report, "not_asked", json_integer((json_int_t)b->not_asked));
	json_object_set_new(report, "zones", groups_json(b->zones, b->zone_count));
	json_object_set_new(report, "segments", groups_json(b->segments, b->segment_count));
	json_object_set_new(report, "moves", most_frequent(moves_json(b->moves), MOVES_MAX));
	json_object_set_new(report, "lost", most_frequent(lost_json(b->lost), MOVES_MAX));
	json_object_set(report, "examples", b->examples);
	return report;
}

// --- fitting ---

static Err length_of(const json_t *report, Arena *arena, size_t *ret)
{
	Str text;
	TRY(json_text(report, false, arena, &text));
	*ret = text.len;
	return OK;
}

static void drop_unchanged(json_t *report)
{
	json_t *list = json_object_get(report, "segments");
	json_int_t dropped = 0;
	for (size_t i = json_array_size(list); i-- > 0;) {
		if (json_integer_value(json_object_get(json_array_get(list, i), "changed_winners")))
			continue;
		json_array_remove(list, i);
		dropped++;
	}
	json_object_set_new(report, "unchanged_segments", json_integer(dropped));
}

Err behaviour_fit(json_t *report, size_t max, Arena *arena)
{
	static const char *const spare[] = {"examples", "lost", "moves"};
	size_t length;
	TRY(length_of(report, arena, &length));
	if (length > max) {
		drop_unchanged(report);
		TRY(length_of(report, arena, &length));
	}
	for (size_t i = 0; length > max && i < ARRAY_COUNT(spare); i++) {
		json_array_clear(json_object_get(report, spare[i]));
		TRY(length_of(report, arena, &length));
	}
	return length <= max
	               ? OK
	               : err(ERR_LIMIT,
	                         "zones and segments alone make a report of %zu bytes, at most %zu are taken",
	                         length, max);
}
