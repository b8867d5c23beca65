#include "release/behaviour.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "release/report.h"
#include "wire/json.h"

// Counts of 10^12 can be multiplied by a share's millionths.
static const int64_t questions_max = INT64_C(1000000000000);

__attribute__((format(printf, 1, 2))) static Err wrong(const char *fmt, ...)
{
	char text[200];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	return err_at(ERR_EVIDENCE_INVALID, "report", "%s", text);
}

static Err read_digest(const json_t *json, const char *name, Digest *ret)
{
	const char *text = json_string_value(json_object_get(json, name));
	return text && digest_parse(str(text), ret) ? OK : wrong("its member %s must be 64 hex digits", name);
}

static Err read_moment(const json_t *json, const char *name, int64_t *ret)
{
	const char *text = json_string_value(json_object_get(json, name));
	return text && time_parse(str(text), ret) ? OK
	                                          : wrong("its member %s must be a time (RFC 3339)", name);
}

static Err read_count(const json_t *json, Str kind, Arena *arena, BehaviourCount *ret)
{
	const char *name = json_string_value(json_object_get(json, "name"));
	ret->kind = kind;
	ret->name = str(name ? arena_cstr(arena, str(name)) : "");
	TRY(report_whole(json, "questions", &ret->questions));
	TRY(report_whole(json, "changed_winners", &ret->changed));
	if (!ret->name.ptr)
		return err(ERR_NO_MEMORY, "no memory to read a report");
	return ret->questions <= questions_max && ret->changed <= ret->questions
	               ? OK
	               : wrong("of %lld questions %lld winners changed: that cannot be",
	                         (long long)ret->questions, (long long)ret->changed);
}

static Err read_counts(
        const json_t *json, const char *member, Str kind, Arena *arena, BehaviourCount *counts, size_t *count)
{
	const json_t *list = json_object_get(json, member), *item;
	size_t i;
	if (!json_is_array(list))
		return wrong("its member %s must be a list", member);
	json_array_foreach(list, i, item)
	{
		if (!json_is_string(json_object_get(item, "name")))
			return wrong("an item of %s lacks its name", member);
		TRY(read_count(item, kind, arena, &counts[(*count)++]));
	}
	return OK;
}

static Err check_sums(const BehaviourReport *report)
{
	const BehaviourCount *all = report->counts;
	int64_t questions = 0, changed = 0;
	for (size_t i = 1; i < report->count; i++) {
		const BehaviourCount *at = &report->counts[i];
		if (at->questions > all->questions || at->changed > all->changed)
			return wrong("%.80s has more than all together", at->name.ptr);
		if (str_eq(at->kind, STR("zone"))) {
			questions += at->questions;
			changed += at->changed;
		}
	}
	return questions == all->questions && changed == all->changed
	               ? OK
	               : wrong("its zones add up to %lld questions and %lld changed winners, not to %lld and "
	                       "%lld",
	                         (long long)questions, (long long)changed, (long long)all->questions,
	                         (long long)all->changed);
}

Err behaviour_read(const json_t *json, Arena *arena, BehaviourReport *ret)
{
	size_t zones = json_array_size(json_object_get(json, "zones"));
	size_t segments = json_array_size(json_object_get(json, "segments"));
	BehaviourCount *counts = ARENA_ARRAY(arena, BehaviourCount, 1 + zones + segments);
	if (!counts)
		return err(ERR_NO_MEMORY, "no memory to read a report");
	*ret = (BehaviourReport){.counts = counts, .count = 1};
	TRY(read_digest(json, "running", &ret->running));
	TRY(read_moment(json, "since", &ret->since_us));
	TRY(read_moment(json, "until", &ret->until_us));
	TRY(report_whole(json, "decisions", &ret->decisions));
	TRY(report_whole(json, "different", &ret->different));
	TRY(read_count(json, STR("channel"), arena, &counts[0]));
	TRY(read_counts(json, "zones", STR("zone"), arena, counts, &ret->count));
	TRY(read_counts(json, "segments", STR("segment"), arena, counts, &ret->count));
	if (ret->since_us > ret->until_us)
		return wrong("its time ends before it begins");
	return check_sums(ret);
}

Err behaviour_parse(Str text, Arena *arena, BehaviourReport *ret)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	TRY(json_parse(text, REPORT_MAX, &json));
	return behaviour_read(json, arena, ret);
}
