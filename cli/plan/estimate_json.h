// Estimates as JSON; the units and names that they go by.
#pragma once
#include "base/arena.h"
#include "estimate/estimate.h"

#include <jansson.h>

// One estimate by its name, with its 95 % interval: a new reference.
json_t *estimate_json(const char *name, const Estimate *estimate);
// A new reference: support and why, what the rows are worth, and each estimate with its 95 % interval.
json_t *estimates_json(const Estimates *in);

// Whose row it is: a hash of texts, told one after the other.
#define UNIT_BEGIN UINT64_C(0xcbf29ce484222325)
uint64_t unit_of(uint64_t before, Str text);
// A name's number: names, an object, get theirs in the order in which they come. Errors: LIMIT, NO_MEMORY.
Err number_of_name(json_t *names, Str name, size_t max, uint32_t *ret);
