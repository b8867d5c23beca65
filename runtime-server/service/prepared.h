// What this room makes of a snapshot once, when it is loaded, so that no call has to. Lives in the snapshot's
// arena, but for the view of visitor state.
#pragma once
#include "base/error.h"
#include "expr/expr.h"
#include "profile/profile.h"
#include "service/proto.h"
#include "visitor/visitor.h"

typedef struct PreparedLevel {
	const ProfileQuery *query;  // NULL: it has no profile table
	const uint64_t *segmenting; // bit by slot: segments or flows use the attribute
	bool flows_set;             // flows set attributes
} PreparedLevel;

// The programs of an action; without bytes: it has none.
typedef struct PreparedAction {
	ExprProgram condition, value;
} PreparedAction;

typedef struct PreparedOffer {
	// All of the answer that is fixed, packed: code, name and the attributes that have a fixed value. For
	// visitors of levels that nothing is personalised for.
	ProtobufCMessageUnknownField packed;
	NamedValue **attributes; // by index; without a value if it is only personalised
} PreparedOffer;

typedef struct Prepared {
	const PreparedLevel *levels;
	const PreparedAction *const *actions; // by event and action
	const PreparedOffer *offers;
	VisitorView *view;
} Prepared;

// Errors: SNAPSHOT_INVALID, NO_MEMORY, LIMIT.
Err prepare(Visitors *visitors, const Snapshot *snapshot, Arena *arena, const Prepared **ret);
