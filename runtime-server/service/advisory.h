// Advisories: what a caller should know although the call succeeded.
#pragma once
#include "base/str.h"
#include "service/proto.h"

typedef enum AdvisoryId {
#define ADVISORY_ROW(id, text) ADVISORY_##id,
#include "service/advisory_table.h"
#undef ADVISORY_ROW
	ADVISORY_COUNT,
} AdvisoryId;

// What has been noted for one answer or one point; each code once, with an optional detail that follows the
// text.
typedef struct Advisories {
	unsigned noted; // bit per AdvisoryId
	Str details[ADVISORY_COUNT];
} Advisories;

static inline void advise(Advisories *advisories, AdvisoryId id, Str detail)
{
	advisories->noted |= 1U << id;
	advisories->details[id] = detail;
}

// The same, but a detail that is there already stays, and this one follows it.
void advise_more(Advisories *advisories, AdvisoryId id, Str detail, Arena *arena);

// As messages, in the table's order. Out of memory gives fewer: an advisory is never worth failing the call.
size_t advisories_map(const Advisories *advisories, Arena *arena, Advisory ***ret);
// How often each was told by this process.
struct Metrics;
void advisories_metrics(struct Metrics *metrics);
