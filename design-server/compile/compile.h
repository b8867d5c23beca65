// Configuration → snapshot. The caller finds the resources; where, is its affair.
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include "parley/design/v1/audience_level.pb-c.h"
#include "parley/design/v1/audience_list.pb-c.h"
#include "parley/design/v1/blacklist.pb-c.h"
#include "parley/design/v1/campaign.pb-c.h"
#include "parley/design/v1/channel.pb-c.h"
#include "parley/design/v1/constraint.pb-c.h"
#include "parley/design/v1/event.pb-c.h"
#include "parley/design/v1/global_offer.pb-c.h"
#include "parley/design/v1/interaction_point.pb-c.h"
#include "parley/design/v1/offer.pb-c.h"
#include "parley/design/v1/offer_list.pb-c.h"
#include "parley/design/v1/offer_template.pb-c.h"
#include "parley/design/v1/outcome_type.pb-c.h"
#include "parley/design/v1/score_override.pb-c.h"
#include "parley/design/v1/segment.pb-c.h"
#include "parley/design/v1/segmentation_flow.pb-c.h"
#include "parley/design/v1/suppression_rule.pb-c.h"
#include "parley/design/v1/treatment_rule.pb-c.h"
#include "parley/design/v1/zone.pb-c.h"
#include "parley/snapshot/v1/snapshot.pb-c.h"

// The kinds of resources that a channel is compiled from: message, and the name of their list.
#define CONFIGURATION_LISTS(LIST)                                                                            \
	LIST(AudienceLevel, levels)                                                                          \
	LIST(Zone, zones)                                                                                    \
	LIST(InteractionPoint, points)                                                                       \
	LIST(Event, events)                                                                                  \
	LIST(AudienceList, audience_lists)                                                                   \
	LIST(Segment, segments)                                                                              \
	LIST(SegmentationFlow, flows)                                                                        \
	LIST(TreatmentRule, rules)                                                                           \
	LIST(GlobalOffer, global_offers)                                                                     \
	LIST(ScoreOverride, overrides)                                                                       \
	LIST(Blacklist, blacklists)                                                                          \
	LIST(SuppressionRule, suppressions)                                                                  \
	LIST(Constraint, constraints)                                                                        \
	LIST(OfferTemplate, templates)                                                                       \
	LIST(Offer, offers)                                                                                  \
	LIST(OfferList, offer_lists)                                                                         \
	LIST(Campaign, campaigns)                                                                            \
	LIST(OutcomeType, outcome_types)

// A channel and all that belongs to it, each list in any order; templates, offers, offer lists, campaigns and
// outcome types are those of all channels.
typedef struct Configuration {
	const Parley__Design__V1__Channel *channel;
#define LIST(type, field)                                                                                    \
	struct {                                                                                             \
		const Parley__Design__V1__##type *const *items;                                              \
		size_t count;                                                                                \
	} field;
	CONFIGURATION_LISTS(LIST)
#undef LIST
} Configuration;

enum { PROBLEMS_MAX = 200 }; // that are kept; all are counted

// What sort of thing is wrong, for those who sort problems.
typedef enum ProblemSort {
	PROBLEM_OTHER,
	PROBLEM_REFERENCE,  // what is named is not there
	PROBLEM_EXPRESSION, // it does not compile
	PROBLEM_DATES,      // they are reversed
	PROBLEM_NO_CONTENT, // a point without default content
	PROBLEM_UNFILLED,   // a segment that nothing puts anybody into
	PROBLEM_EMPTY_LIST, // an offer list that is used
	PROBLEM_STEP_UNREACHED,
	PROBLEM_CIRCLE, // what leads back to itself
	PROBLEM_LIMIT,  // a limit of nothing
	PROBLEM_SCORES, // one visitor and offer, two scores
} ProblemSort;

typedef struct Problem {
	ProblemSort sort;
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
