// Reading JSON that this program made itself: what is not there is empty, or nothing.
#pragma once
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline const char *told_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static inline json_int_t told_count(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

// NAN if it is no number.
static inline double told_number(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_number(value) ? json_number_value(value) : (double)NAN;
}
