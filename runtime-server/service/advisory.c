#include "service/advisory.h"

#include "metrics/metrics.h"
#include "metrics/stripe.h"

#include <stdatomic.h>

static const struct {
	const char *code, *text;
} rows[] = {
#define ADVISORY_ROW(id, text) {#id, text},
#include "service/advisory_table.h"
#undef ADVISORY_ROW
};

// Counted when told, not when noted: of a step that is taken again, only the answer counts.
static struct {
	_Alignas(STRIPE_LINE) atomic_uint_fast64_t counts[ADVISORY_COUNT];
} told[STRIPES];

void advise_more(Advisories *advisories, AdvisoryId id, Str detail, Arena *arena)
{
	Str before = (advisories->noted >> id & 1) != 0 ? advisories->details[id] : STR("");
	char *both = before.len > 0
	                     ? arena_printf(arena, STR_FMT "; " STR_FMT, STR_ARG(before), STR_ARG(detail))
	                     : NULL;
	advise(advisories, id, both != NULL ? str(both) : detail);
}

static Advisory *map_one(AdvisoryId id, Str detail, Arena *arena)
{
	Advisory *message = message_new(arena, MESSAGE_OF(advisory));
	if (message == NULL)
		return NULL;
	message->code = (char *)rows[id].code;
	message->message = (char *)rows[id].text;
	char *longer =
	        detail.len > 0 ? arena_printf(arena, "%s: " STR_FMT, rows[id].text, STR_ARG(detail)) : NULL;
	if (longer != NULL)
		message->message = longer;
	return message;
}

size_t advisories_map(const Advisories *advisories, Arena *arena, Advisory ***ret)
{
	size_t count = 0;
	*ret = NULL;
	if (advisories->noted == 0)
		return 0;
	*ret = ARENA_ARRAY(arena, Advisory *, ADVISORY_COUNT);
	for (AdvisoryId id = 0; *ret != NULL && id < ADVISORY_COUNT; id++) {
		if ((advisories->noted >> id & 1) == 0)
			continue;
		(*ret)[count] = map_one(id, advisories->details[id], arena);
		if ((*ret)[count] == NULL)
			break;
		atomic_fetch_add_explicit(&told[stripe_of_thread()].counts[id], 1, memory_order_relaxed);
		count++;
	}
	return count;
}

void advisories_metrics(Metrics *metrics)
{
	metrics_family(metrics, METRIC_COUNTER, "parley_advisories_total",
	        "Advisories in answers, by code: what a caller should know although the call succeeded.");
	for (AdvisoryId id = 0; id < ADVISORY_COUNT; id++) {
		uint64_t count = 0;
		for (size_t s = 0; s < STRIPES; s++)
			count += atomic_load_explicit(&told[s].counts[id], memory_order_relaxed);
		metrics_sample(metrics, (double)count, METRIC_LABELS({"code", str(rows[id].code)}));
	}
}
