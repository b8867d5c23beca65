// How a deployment moves from its record to its end. The machine is drawn above its table in state.c; nothing
// but state_move changes deployment.state.
#pragma once
#include "store/store.h"

#include "parley/design/v1/deployment.pb-c.h"

typedef Parley__Design__V1__DeploymentState DeploymentState;

typedef enum StateEvent {
	EVENT_APPROVED,    // the signatures suffice (or none is needed)
	EVENT_CANCELLED,   // given up by somebody
	EVENT_OVERTAKEN,   // its source runs other content now, or another deployment was made
	EVENT_ALL_RUN,     // every server runs it as its stable snapshot
	EVENT_LAGGING,     // a server does not, after all were told
	EVENT_PAUSED,      // by somebody
	EVENT_RESUMED,     // by somebody
	EVENT_RETURNED,    // undone, by somebody or by what was measured
	EVENT_FOLLOWED,    // a later deployment was approved: it takes this one's place
	EVENT_ROLLED_BACK, // likewise, a rollback
	EVENT_UNDEPLOYED,  // likewise, an undeployment
	STATE_EVENTS
} StateEvent;

// The state after `event`. Error: DEPLOYMENT_STATE, saying in words what it is and what can be done instead.
Err state_next(DeploymentState from, StateEvent event, DeploymentState *ret);
// What a state is and what can be done in it, in words.
const char *state_words(DeploymentState state);
// In the caller's transaction: locks the deployment's row, moves it, and writes the audit. An event that
// leaves the state as it is, is OK and writes nothing. Errors: DEPLOYMENT_STATE, DEPLOYMENT_NOT_FOUND.
Err state_move(Pg *pg, int64_t deployment, StateEvent event, Str actor, Str reason, int64_t now_us,
        DeploymentState *ret);
