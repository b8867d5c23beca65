// Short names for the generated types of parley.snapshot.v1.
#pragma once
#include "parley/snapshot/v1/manifest.pb-c.h"
#include "parley/snapshot/v1/snapshot.pb-c.h"

typedef Parley__Snapshot__V1__Manifest Manifest;
typedef Parley__Snapshot__V1__Envelope Envelope;
typedef Parley__Snapshot__V1__Signature Signature;
typedef Parley__Snapshot__V1__BlobReference BlobReference;
typedef Parley__Snapshot__V1__Root Root;
typedef Parley__Snapshot__V1__RootRole RootRole;
typedef Parley__Snapshot__V1__RootKey RootKey;
typedef Parley__Snapshot__V1__Timestamp Timestamp;
typedef Parley__Snapshot__V1__CurrentManifest CurrentManifest;
typedef Parley__Snapshot__V1__Floor Floor;

typedef Parley__Snapshot__V1__Snapshot Snapshot;
typedef Parley__Snapshot__V1__Constant SnapConstant;
typedef Parley__Snapshot__V1__Expression SnapExpression;
typedef Parley__Snapshot__V1__Attribute SnapAttribute;
typedef Parley__Snapshot__V1__AudienceKey SnapKey;
typedef Parley__Snapshot__V1__AudienceLevel SnapLevel;
typedef Parley__Snapshot__V1__Zone SnapZone;
typedef Parley__Snapshot__V1__InteractionPoint SnapPoint;
typedef Parley__Snapshot__V1__Event SnapEvent;
typedef Parley__Snapshot__V1__Segment SnapSegment;
typedef Parley__Snapshot__V1__LevelExpression SnapLevelExpression;
typedef Parley__Snapshot__V1__OfferCondition SnapCondition;
typedef Parley__Snapshot__V1__EventAction SnapAction;
typedef Parley__Snapshot__V1__AudienceList SnapList;
typedef Parley__Snapshot__V1__SegmentationFlow SnapFlow;
typedef Parley__Snapshot__V1__FlowStep SnapStep;
typedef Parley__Snapshot__V1__FlowBranch SnapBranch;
typedef Parley__Snapshot__V1__OfferList SnapOfferList;
typedef Parley__Snapshot__V1__Campaign SnapCampaign;
typedef Parley__Snapshot__V1__Cell SnapCell;
typedef Parley__Snapshot__V1__ScoreOverride SnapOverride;
typedef Parley__Snapshot__V1__BlacklistEntry SnapBlacklistEntry;
typedef Parley__Snapshot__V1__SuppressionRule SnapSuppression;
typedef Parley__Snapshot__V1__Constraint SnapConstraint;
typedef Parley__Snapshot__V1__OfferAttribute SnapOfferAttribute;
typedef Parley__Snapshot__V1__Offer SnapOffer;
typedef Parley__Snapshot__V1__TreatmentRule SnapRule;

// Enumerators, by the part of their names that tells them apart.
#define SNAP_TYPE(name)       PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_##name
#define SNAP_TIE(name)        PARLEY__SNAPSHOT__V1__TIE_BREAK__TIE_BREAK_##name
#define SNAP_DEDUP(name)      PARLEY__SNAPSHOT__V1__DEDUPLICATION__DEDUPLICATION_##name
#define SNAP_COMPARE(name)    PARLEY__SNAPSHOT__V1__COMPARISON__COMPARISON_##name
#define SNAP_ACTION(name)     PARLEY__SNAPSHOT__V1__EVENT_ACTION_KIND__EVENT_ACTION_KIND_##name
#define SNAP_SCOPE(name)      PARLEY__SNAPSHOT__V1__SCOPE__SCOPE_##name
#define SNAP_LIST_USE(name)   PARLEY__SNAPSHOT__V1__LIST_USE__LIST_USE_##name
#define SNAP_STEP(name)       PARLEY__SNAPSHOT__V1__FLOW_STEP_KIND__FLOW_STEP_KIND_##name
#define SNAP_TRIGGER(name)    PARLEY__SNAPSHOT__V1__SUPPRESSION_TRIGGER__SUPPRESSION_TRIGGER_##name
#define SNAP_CONSTRAINT(name) PARLEY__SNAPSHOT__V1__CONSTRAINT_SCOPE__CONSTRAINT_SCOPE_##name
#define SNAP_PERIOD(name)     PARLEY__SNAPSHOT__V1__PERIOD__PERIOD_##name
#define SNAP_COUNTED(name)    PARLEY__SNAPSHOT__V1__COUNTED__COUNTED_##name
