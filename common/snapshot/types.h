// Short names for the generated types of parley.snapshot.v1.
#pragma once
#include "parley/snapshot/v1/manifest.pb-c.h"
#include "parley/snapshot/v1/snapshot.pb-c.h"

typedef Parley__Snapshot__V1__Manifest Manifest;
typedef Parley__Snapshot__V1__Envelope Envelope;
typedef Parley__Snapshot__V1__Signature Signature;
typedef Parley__Snapshot__V1__BlobReference BlobReference;

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
typedef Parley__Snapshot__V1__OfferAttribute SnapOfferAttribute;
typedef Parley__Snapshot__V1__Offer SnapOffer;
typedef Parley__Snapshot__V1__TreatmentRule SnapRule;

// Enumerators, by the part of their names that tells them apart.
#define SNAP_TYPE(name)   PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_##name
#define SNAP_TIE(name)    PARLEY__SNAPSHOT__V1__TIE_BREAK__TIE_BREAK_##name
#define SNAP_ACTION(name) PARLEY__SNAPSHOT__V1__EVENT_ACTION__EVENT_ACTION_##name
