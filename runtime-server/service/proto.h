// Short names of the generated types that this room speaks, and messages from a call's arena.
#pragma once
#include "base/arena.h"

#include "parley/journal/v1/journal.pb-c.h"
#include "parley/runtime/v1/control.pb-c.h"
#include "parley/runtime/v1/interaction.pb-c.h"
#include "parley/snapshot/v1/snapshot.pb-c.h"

#define R(name) typedef Parley__Runtime__V1__##name name
R(ActivateRequest);
R(ActivateResponse);
R(Advisory);
R(AudienceId);
R(BatchCommand);
R(BatchFailure);
R(BatchResult);
R(Candidate);
R(ChannelStatus);
R(ConverseRequest);
R(ConverseResponse);
R(EndSessionRequest);
R(EndSessionResponse);
R(ExecuteBatchRequest);
R(ExecuteBatchResponse);
R(GetOffersRequest);
R(GetOffersResponse);
R(GetProfileRequest);
R(GetProfileResponse);
R(GetStatusResponse);
R(GetVersionResponse);
R(ListAuditHeadsResponse);
R(NamedValue);
R(Offer);
R(OfferCondition);
R(PointOffers);
R(PointRequest);
R(PostEventRequest);
R(PostEventResponse);
R(PostResponseRequest);
R(PostResponseResponse);
R(ProfileAttribute);
R(ApplyEffectsRequest);
R(ApplyEffectsResponse);
R(PutFloorRequest);
R(PutFloorResponse);
R(PutRootRequest);
R(PutRootResponse);
R(PutTimestampRequest);
R(PutTimestampResponse);
R(RecommendEvent);
R(RecommendRequest);
R(RecommendResponse);
R(SetAudienceRequest);
R(SetAudienceResponse);
R(SetDebugRequest);
R(SetDebugResponse);
R(SnapshotVersion);
R(StageBlobRequest);
R(StageBlobResponse);
R(StartSessionRequest);
R(StartSessionResponse);
R(SteerRequest);
R(SteerResponse);
R(StringList);
R(Value);
R(VersionFigures);
R(WhatIf);
#undef R
typedef Parley__Runtime__V1__BatchCommand__WhatCase BatchCommandCase;

typedef Parley__Journal__V1__Effect Effect;
typedef Parley__Journal__V1__EventMeaning Meaning;
typedef Parley__Journal__V1__EventPosted EventPosted;

typedef Parley__Snapshot__V1__Event Event;
typedef Parley__Snapshot__V1__EventAction EventAction;
typedef Parley__Snapshot__V1__Snapshot Snapshot;
typedef Parley__Snapshot__V1__AudienceLevel Level;
typedef Parley__Snapshot__V1__ValueType ValueType;

// The descriptors of this room's messages: MESSAGE_OF(offer).
#define MESSAGE_OF(name) (&parley__runtime__v1__##name##__descriptor)

// An initialised message; NULL if the arena is at its limit.
void *message_new(Arena *arena, const ProtobufCMessageDescriptor *descriptor);
// `count` of them, one after the other, as protobuf-c wants them: an array of pointers.
void *message_list(Arena *arena, const ProtobufCMessageDescriptor *descriptor, size_t count);
