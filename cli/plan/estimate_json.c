#include "plan/estimate_json.h"

#include <math.h>

// --- what rows go by ---

uint64_t unit_of(uint64_t before, Str text)
{
	uint64_t hash = before;

	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.ptr[i]) * 0x100000001b3;
	return hash;
}

Err number_of_name(json_t *names, Str name, size_t max, uint32_t *ret)
{
	const char *text = name.ptr ? name.ptr : "";
	json_t *known = json_object_getn(names, text, name.len);

	*ret = known ? (uint32_t)json_integer_value(known) : (uint32_t)json_object_size(names);
	if (known)
		return OK;
	if (*ret >= max)
		return err(ERR_LIMIT, "there are more than %zu different offers or places", max);
	return json_object_setn_new(names, text, name.len, json_integer((json_int_t)*ret)) == 0
	               ? OK
	               : err(ERR_NO_MEMORY, "no memory for names");
}

// --- what is told ---

json_t *estimate_json(const char *name, const Estimate *estimate)
{
	json_t *json = json_pack("{s:s}", "estimate", name);
	const struct {
		const char *name;
		double value;
	} parts[] = {{"value", estimate->value}, {"low", estimate->low}, {"high", estimate->high},
	        {"standard_error", estimate->error}};

	for (size_t i = 0; i < ARRAY_COUNT(parts); i++)
		json_object_set_new(json, parts[i].name,
		        isfinite(parts[i].value) ? json_real(parts[i].value) : json_null());
	return json;
}

static json_t *list_json(const Estimates *in)
{
	json_t *list = json_array();

	json_array_append_new(list, estimate_json("logged", &in->logged));
	json_array_append_new(list, estimate_json("ipw", &in->ipw));
	json_array_append_new(list, estimate_json("snipw", &in->snipw));
	json_array_append_new(list, estimate_json("dr", &in->dr));
	json_array_append_new(list, estimate_json("gain", &in->gain));
	return list;
}

json_t *estimates_json(const Estimates *in)
{
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:o}", "support",
	        support_name(in->support), "why", in->why, "rows", (json_int_t)in->rows, "units",
	        (json_int_t)in->units, "matched", (json_int_t)in->matched, "rewarded",
	        (json_int_t)in->rewarded, "clipped", (json_int_t)in->clipped, "effective_rows",
	        in->effective_rows, "mean_weight", in->mean_weight, "max_weight", in->max_weight, "estimates",
	        list_json(in));
}
