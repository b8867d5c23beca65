#include "release/report.h"

#include "base/cleanup.h"
#include "release/behaviour.h"
#include "wire/json.h"

static const int64_t number_max = INT64_C(1) << 53;

Err report_whole(const json_t *json, const char *name, int64_t *ret)
{
	const json_t *value = json_object_get(json, name);
	*ret = json_integer_value(value);
	if (!json_is_integer(value) || *ret < 0 || *ret > number_max)
		return err_at(ERR_EVIDENCE_INVALID, "report",
		        "its member %s must be a whole number from 0 on", name);
	return OK;
}

static Err real(const json_t *json, const char *name, double *ret)
{
	const json_t *value = json_object_get(json, name);
	*ret = json_number_value(value);
	if (!json_is_number(value) || !(*ret >= 0) || *ret > (double)number_max)
		return err_at(
		        ERR_EVIDENCE_INVALID, "report", "its member %s must be a number from 0 on", name);
	return OK;
}

// The rate is counted here: a report may not call 7 failures of 10 calls nothing.
static Err read_load(const json_t *json, Report *ret)
{
	TRY(report_whole(json, "calls", &ret->calls));
	TRY(report_whole(json, "errors", &ret->errors));
	TRY(report_whole(json, "p99_us", &ret->p99_us));
	TRY(real(json, "throughput", &ret->throughput));
	if (!ret->calls || ret->errors > ret->calls)
		return err_at(ERR_EVIDENCE_INVALID, "report",
		        "%lld errors of %lld calls: a load has calls, and no more errors than these",
		        (long long)ret->errors, (long long)ret->calls);
	ret->error_rate = (double)ret->errors / (double)ret->calls;
	return OK;
}

// One line may stand for several cases. None of them failed if it passed, and at least one if it did not.
static Err read_cases(const json_t *item, Report *ret)
{
	bool passed = json_is_true(json_object_get(item, "passed"));
	int64_t cases = 1, failed = !passed;
	if (json_object_get(item, "cases"))
		TRY(report_whole(item, "cases", &cases));
	if (json_object_get(item, "failed"))
		TRY(report_whole(item, "failed", &failed));
	if (cases < 1 || failed > cases || (failed == 0) != passed || cases > number_max - ret->scenarios)
		return err_at(ERR_EVIDENCE_INVALID, "report",
		        "scenario '%.100s' has %lld cases of which %lld failed, and it %s",
		        json_string_value(json_object_get(item, "name")), (long long)cases, (long long)failed,
		        passed ? "passed" : "failed");
	ret->scenarios += cases;
	ret->failed += failed;
	return OK;
}

static Err read_scenarios(const json_t *json, Report *ret)
{
	const json_t *list = json_object_get(json, "scenarios"), *item;
	size_t i;
	if (!json_is_array(list) || !json_array_size(list))
		return err_at(ERR_EVIDENCE_INVALID, "report",
		        "its member scenarios must be a list of what was tried, with name and passed");
	json_array_foreach(list, i, item)
	{
		if (!json_is_string(json_object_get(item, "name")) ||
		        !json_is_boolean(json_object_get(item, "passed")))
			return err_at(ERR_EVIDENCE_INVALID, "report",
			        "scenario %zu lacks its name or whether it passed", i + 1);
		TRY(read_cases(item, ret));
	}
	if (!json_object_get(json, "coverage"))
		return OK;
	TRY(real(json, "coverage", &ret->coverage));
	ret->coverage /= 100;
	return ret->coverage <= 1 ? OK
	                          : err_at(ERR_EVIDENCE_INVALID, "report",
	                                    "its member coverage must be a number from 0 to 100");
}

// Only whether it can be read: its gate reads it again.
static Err read_behaviour(const json_t *json)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 0);
	BehaviourReport report;
	return arena ? behaviour_read(json, arena, &report)
	             : err(ERR_NO_MEMORY, "no memory to read a report");
}

Err report_read(Str kind, Str text, Report *ret)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	*ret = (Report){0};
	if (text.len > REPORT_MAX)
		return err_at(ERR_EVIDENCE_INVALID, "report", "it has %zu bytes, at most %d are allowed",
		        text.len, REPORT_MAX);
	if (json_parse(text, REPORT_MAX, &json) != OK) {
		ErrDetail why = *err_detail();
		return err_at(ERR_EVIDENCE_INVALID, "report", "%.500s", why.message);
	}
	if (!json_is_object(json))
		return err_at(ERR_EVIDENCE_INVALID, "report", "it must be a JSON object");
	if (str_eq(kind, STR("load")))
		return read_load(json, ret);
	if (str_eq(kind, STR("scenarios")))
		return read_scenarios(json, ret);
	if (str_eq(kind, STR("behaviour")))
		return read_behaviour(json);
	return err_at(ERR_EVIDENCE_INVALID, "kind",
	        "there is evidence of the kinds load, scenarios and behaviour, not '%.*s'",
	        (int)(kind.len < 40 ? kind.len : 40), kind.ptr ? kind.ptr : "");
}
