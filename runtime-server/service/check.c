#include "service/check.h"

#include "service/value.h"

#include <inttypes.h>
#include <stdio.h>

Err check_id(const char *field, const char *id)
{
	size_t len = strlen(id);
	if (len == 0)
		return err_at(ERR_FIELD_MISSING, field, "%s is missing; give 1 to %d bytes", field, ID_MAX);
	if (len > ID_MAX)
		return err_at(ERR_FIELD_INVALID, field, "%s has %zu bytes; 1 to %d are possible", field, len,
		        ID_MAX);
	return OK;
}

Err check_own_id(const char *field, const char *id)
{
	TRY(check_id(field, id));
	if (*id != ID_OWN)
		return OK;
	return err_at(ERR_FIELD_INVALID, field,
	        "IDs that begin with %c are the server's own; choose another one", ID_OWN);
}

#define COMPARISON(name) PARLEY__RUNTIME__V1__COMPARISON__COMPARISON_##name

// Paths are made for refusals only: a request that is fine is not slowed down by what could be said of it.
static Err refuse_condition(const OfferCondition *in, size_t point, size_t i)
{
	char path[64];
	size_t len = strlen(in->attribute);
	snprintf(path, sizeof path, "points[%zu].filter[%zu]", point, i);
	if (len == 0 || len > ID_MAX)
		return err_at(len == 0 ? ERR_FIELD_MISSING : ERR_FIELD_INVALID, path,
		        "the condition's attribute has %zu bytes; name an attribute of offers, 1 to %d", len,
		        ID_MAX);
	return err_at(ERR_FIELD_INVALID, path, "there is no comparison %d", (int)in->comparison);
}

static bool is_condition(const OfferCondition *in)
{
	size_t len = strlen(in->attribute);
	return len > 0 && len <= ID_MAX && in->comparison >= COMPARISON(UNSPECIFIED) &&
	       in->comparison <= COMPARISON(CONTAINS);
}

static Err check_filter(const PointRequest *in, size_t point)
{
	char path[64];
	if (in->n_filter > DECIDE_CONDITIONS_MAX) {
		snprintf(path, sizeof path, "points[%zu].filter", point);
		return err_at(ERR_FIELD_INVALID, path,
		        "the filter has %zu conditions; at most %d are possible", in->n_filter,
		        DECIDE_CONDITIONS_MAX);
	}
	for (size_t i = 0; i < in->n_filter; i++)
		if (!is_condition(in->filter[i]))
			return refuse_condition(in->filter[i], point, i);
	return OK;
}

// Comparisons are numbered as the snapshot's are.
static Parley__Snapshot__V1__Comparison comparison_of(const OfferCondition *in)
{
	return in->comparison == COMPARISON(UNSPECIFIED) ? PARLEY__SNAPSHOT__V1__COMPARISON__COMPARISON_EQUAL
	                                                 : (Parley__Snapshot__V1__Comparison)in->comparison;
}

Err check_filter_values(const PointRequest *in, size_t point, Arena *arena, const OfferFilter **ret)
{
	OfferFilter *filter = ARENA_ARRAY(arena, OfferFilter, in->n_filter + 1);
	char path[64];
	*ret = filter;
	if (filter == NULL)
		return err(ERR_NO_MEMORY, "no memory for the filter; try again later");
	for (size_t i = 0; i < in->n_filter; i++) {
		snprintf(path, sizeof path, "points[%zu].filter[%zu].value", point, i);
		filter[i].attribute = str(in->filter[i]->attribute);
		filter[i].comparison = comparison_of(in->filter[i]);
		TRY(value_read_any(in->filter[i]->value, ERR_FIELD_INVALID, path, arena, &filter[i].value));
	}
	return OK;
}

static Err refuse_most(uint32_t max, size_t i)
{
	char path[64];
	snprintf(path, sizeof path, "points[%zu].max_offers", i);
	return err_at(ERR_FIELD_INVALID, path, "%" PRIu32 " offers are asked for; at most %d are possible",
	        max, OFFERS_MAX);
}

static Err refuse_point(const PointRequest *in, size_t i)
{
	char path[64];
	if (in->max_offers > OFFERS_MAX)
		return refuse_most(in->max_offers, i);
	snprintf(path, sizeof path, "points[%zu].interaction_point", i);
	return err_at(ERR_FIELD_MISSING, path, "the interaction point's name is missing");
}

static Err refuse_count(size_t count)
{
	if (count == 0)
		return err_at(ERR_FIELD_MISSING, "points", "no interaction point is asked for; name 1 to %d",
		        POINTS_MAX);
	return err_at(ERR_FIELD_INVALID, "points",
	        "%zu interaction points are asked for; 1 to %d are possible", count, POINTS_MAX);
}

Err check_decided(const DecidePoint *in, size_t count)
{
	if (count == 0 || count > POINTS_MAX)
		return refuse_count(count);
	for (size_t i = 0; i < count; i++)
		if (in[i].max > OFFERS_MAX)
			return refuse_most(in[i].max, i);
	return OK;
}

Err check_points(PointRequest **in, size_t count)
{
	if (count == 0 || count > POINTS_MAX)
		return refuse_count(count);
	for (size_t i = 0; i < count; i++) {
		if (in[i]->max_offers > OFFERS_MAX || *in[i]->interaction_point == '\0')
			return refuse_point(in[i], i);
		TRY(check_filter(in[i], i));
	}
	return OK;
}
