// Configuration → snapshot. The caller finds the resources; where, is its affair.
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include "parley/design/v1/audience_level.pb-c.h"
#include "parley/design/v1/channel.pb-c.h"
#include "parley/design/v1/event.pb-c.h"
#include "parley/design/v1/interaction_point.pb-c.h"
#include "parley/design/v1/offer.pb-c.h"
#include "parley/design/v1/offer_template.pb-c.h"
#include "parley/design/v1/segment.pb-c.h"
#include "parley/design/v1/treatment_rule.pb-c.h"
#include "parley/design/v1/zone.pb-c.h"
#include "parley/snapshot/v1/snapshot.pb-c.h"

// A list of resources of one kind, in any order.
#define COMPILE_LIST(type)                                                                                   \
	struct {                                                                                             \
		const Parley__Design__V1__##type *const *items;                                              \
		size_t count;                                                                                \
	}

// A channel and all that belongs to it; offers and templates are those of all channels.
typedef struct Configuration {
	const Parley__Design__V1__Channel *channel;
	COMPILE_LIST(AudienceLevel) levels;
	COMPILE_LIST(Zone) zones;
	COMPILE_LIST(InteractionPoint) points;
	COMPILE_LIST(Event) events;
	COMPILE_LIST(Segment) segments;
	COMPILE_LIST(TreatmentRule) rules;
	COMPILE_LIST(OfferTemplate) templates;
	COMPILE_LIST(Offer) offers;
} Configuration;

enum { PROBLEMS_MAX = 200 }; // that are kept; all are counted

typedef struct Problem {
	const char *kind; // "Segment"
	Str name;         // of the resource
	const char *field;
	const char *message; // what is wrong and what to do
} Problem;

typedef struct Problems {
	Problem *items;
	size_t count; // kept
	size_t found; // in all
} Problems;

// Compiles. `ret` and `ret_problems` live in `arena` and borrow from `in`. With problems `ret` is not set and
// the error's message tells as many as fit, the field being the first one's. Errors: COMPILE_FAILED,
// NO_MEMORY.
Err compile_snapshot(
        const Configuration *in, Arena *arena, Parley__Snapshot__V1__Snapshot **ret, Problems *ret_problems);
