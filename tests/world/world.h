// A bank's channel for tests: built by names, in any order. Whatever cannot be built ends the test program
// with the reason. Items are of the level "customer" unless their audience_level is set to WORLD_HOUSEHOLD.
// Where several names are asked for, they are separated by spaces. What a builder returns can be changed
// further.
#pragma once
#include "base/arena.h"
#include "snapshot/snapshot.h"
#include "snapshot/types.h"

#include "expr/expr.h"

// Slots of both audience levels.
enum { WORLD_AGE, WORLD_BALANCE, WORLD_TIER, WORLD_TAGS, WORLD_JOINED, WORLD_CHURN, WORLD_ATTRIBUTES };
// Audience levels.
enum { WORLD_CUSTOMER, WORLD_HOUSEHOLD };

typedef struct World World;

// A channel "bank" with the level "customer" (age: int, default 30; balance: double, default 0; tier: string,
// default "basic"; tags: list, default empty; joined: timestamp; churn: double; the last two have no default)
// and nothing else.
World *world_new(Arena *arena);
// A channel with two zones, three points, three events, three segments, four offers, seven rules.
World *world_bank(Arena *arena);
// The same with one of everything that a snapshot can carry.
World *world_whole(Arena *arena);
// Adds the level "household", with the attributes of customers.
void world_household(World *world);

char *world_text(World *world, const char *text);
SnapExpression *world_expression(World *world, const char *source);
SnapConstant *world_bool(World *world, bool value);
SnapConstant *world_int(World *world, int64_t value);
SnapConstant *world_double(World *world, double value);
SnapConstant *world_string(World *world, const char *value);
SnapConstant *world_timestamp(World *world, int64_t us);
SnapConstant *world_strings(World *world, const char *values);

// --- where offers are shown ---

SnapZone *world_zone(World *world, const char *name);
SnapPoint *world_point(World *world, const char *name, const char *zone);
void world_include(World *world, SnapZone *zone, uint32_t level, const char *expression);
void world_include_offers(World *world, SnapZone *zone, const char *attribute,
        Parley__Snapshot__V1__Comparison comparison, SnapConstant *value);
void world_default_offers(World *world, SnapZone *zone, const char *offers); // the preferred first

// --- events ---

// With an action of that kind, or none if it is UNSPECIFIED.
SnapEvent *world_event(World *world, const char *name, Parley__Snapshot__V1__EventActionKind action);
// One more action, for all levels and at once.
SnapAction *world_action(World *world, SnapEvent *event, Parley__Snapshot__V1__EventActionKind kind);
// QUALIFY_OFFERS or SUPPRESS_OFFERS; offers NULL: that of the treatment.
SnapAction *world_action_offers(World *world, SnapEvent *event, Parley__Snapshot__V1__EventActionKind kind,
        const char *offers, Parley__Snapshot__V1__Scope scope);
// SET_ATTRIBUTE, of customers.
SnapAction *world_action_set(World *world, SnapEvent *event, uint32_t slot, const char *value);
// LOG_OUTCOME.
SnapAction *world_action_outcome(
        World *world, SnapEvent *event, const char *outcome, Parley__Snapshot__V1__EventActionKind counts_as);
// TRIGGER_EVENT.
SnapAction *world_action_trigger(World *world, SnapEvent *event, const char *triggered);

// --- segments ---

// The expression may be NULL.
SnapSegment *world_segment(World *world, const char *name, const char *expression);
SnapList *world_list(World *world, const char *name, const char *ids);
void world_segment_list(
        World *world, SnapSegment *segment, const char *list, Parley__Snapshot__V1__ListUse use);

// Steps in the order in which they are added, which `next` may only lead forward in; NULL ends the flow.
SnapFlow *world_flow(World *world, const char *name);
SnapStep *world_decision(World *world, SnapFlow *flow, const char *name, const char *next);
SnapStep *world_sample(World *world, SnapFlow *flow, const char *name, const char *salt, const char *next);
SnapStep *world_set(
        World *world, SnapFlow *flow, const char *name, uint32_t slot, const char *value, const char *next);
SnapStep *world_output(World *world, SnapFlow *flow, const char *name, const char *segment, const char *next);
SnapBranch *world_branch(
        World *world, SnapFlow *flow, SnapStep *decision, const char *condition, const char *next);
SnapBranch *world_share(World *world, SnapFlow *flow, SnapStep *sample, uint32_t ppm, const char *next);

// --- offers and what makes them candidates ---

// Published, with a text attribute "headline" that is its code.
SnapOffer *world_offer(World *world, const char *code);
// NULL: no fixed value, and then its type is that of a text.
SnapOfferAttribute *world_offer_attribute(
        World *world, SnapOffer *offer, const char *name, SnapConstant *value);
void world_personalise(World *world, SnapOfferAttribute *attribute, uint32_t level, const char *expression);
SnapOfferList *world_offer_list(World *world, const char *name, const char *offers);
// NULL: every segment, every zone; offer NULL: world_rule_offers tells. Enabled.
SnapRule *world_rule(World *world, const char *name, const char *segment, const char *zone, const char *offer,
        double score);
SnapRule *world_global(World *world, const char *name, const char *zone, const char *offer, double score);
void world_rule_offers(World *world, SnapRule *rule, const char *offer_list);
// Cell NULL: none.
void world_rule_campaign(World *world, SnapRule *rule, const char *campaign, const char *cell);
SnapCampaign *world_campaign(World *world, const char *code); // active
SnapCell *world_cell(World *world, SnapCampaign *campaign, const char *code, uint32_t control_ppm,
        const char *control_salt);
SnapOverride *world_override(
        World *world, const char *audience_id, const char *offer, double score, bool adds);
SnapBlacklistEntry *world_blacklist(World *world, const char *audience_id, const char *offer);

// --- limits ---

// Times 1 but for PRESENTATIONS, where 2; set `days`, `times` and `related_attribute` as you need them.
SnapSuppression *world_suppression(World *world, const char *name, const char *offers,
        Parley__Snapshot__V1__SuppressionTrigger trigger, Parley__Snapshot__V1__Scope scope);
// Counts contacts.
SnapConstraint *world_constraint(World *world, const char *name, const char *offers,
        Parley__Snapshot__V1__ConstraintScope scope, Parley__Snapshot__V1__Period period, uint64_t limit);

// Sorts the lists and resolves the names. The snapshot can be changed afterwards to break it.
Snapshot *world_finish(World *world);
