// What this room makes of a snapshot once, when it is loaded, so that no call has to. Lives in the snapshot's
// arena, but for the view of visitor state.
#pragma once
#include "base/error.h"
#include "decide/decide.h"
#include "expr/expr.h"
#include "profile/profile.h"
#include "service/proto.h"
#include "visitor/visitor.h"

typedef struct CellWay CellWay;
typedef struct PreparedCell PreparedCell; // cells.h

typedef struct PreparedLevel {
	const ProfileQuery *query;  // NULL: it has no profile table
	const uint64_t *segmenting; // bit by slot: segments or flows use the attribute
	bool flows_set;             // flows set attributes
	const PreparedCell *cells;  // those with a control group that rules of the level are in
	size_t cell_count;
} PreparedLevel;

// The programs of an action; without bytes: it has none.
typedef struct PreparedAction {
	ExprProgram condition, value;
} PreparedAction;

// All of the answer that is fixed is packed, for visitors of levels that nothing is personalised for: what
// the code, the name, the attributes look like as strings costs more than they do as bytes.
typedef struct PreparedOffer {
	Str packed; // the answer's fields from the code on: name, attributes that have a fixed value
	Str code;   // the first of them; the journal's records have it under the same number
	NamedValue **attributes; // by index; without a value if it is only personalised
	uint64_t link;           // what stands for it in links; 0: it leads nowhere
} PreparedOffer;

typedef struct PreparedLink {
	uint64_t offer; // link_offer_ref
	uint32_t index;
} PreparedLink;

// What the journal's records say where a rule or a global offer recommends its offer, packed: only treatment
// code, score and rank are others each time.
typedef struct PreparedSource {
	const char *bytes;
	uint32_t offer, len;
	uint32_t treatment; // where its code is
	uint32_t before,
	        behind; // bytes of the fields that are the source's own: before the score, behind the rank
} PreparedSource;

enum { PREPARED_ORIGINS = ORIGIN_GLOBAL + 1 }; // those of the others have nothing to tell

typedef struct Prepared {
	const PreparedLevel *levels;
	const PreparedAction *const *actions; // by event and action
	const PreparedOffer *offers;
	const PreparedSource *sources[PREPARED_ORIGINS]; // by origin and index
	const PreparedLink *links;                       // of offers that lead somewhere, ascending
	size_t link_count;
	VisitorView *view;
} Prepared;

// Without a view where `visitors` is NULL. Errors: SNAPSHOT_INVALID, NO_MEMORY, LIMIT.
Err prepare(Visitors *visitors, const Snapshot *snapshot, Arena *arena, const Prepared **ret);
// Shares all but the view with what has been prepared. Errors: NO_MEMORY, LIMIT.
Err prepare_for(Visitors *visitors, const Snapshot *snapshot, const Prepared *shared, Arena *arena,
        const Prepared **ret);
