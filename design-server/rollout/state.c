// The machine is one table, and everything that moves a deployment asks it: no method can invent a way of its
// own. What is drawn but once, an event that changes nothing, stands in the table as the state itself.
//
//        Deploy, Rollback, Undeploy
//                    |
//                    v             cancelled, overtaken
//            AWAITING_APPROVAL ------------------------------> CANCELLED
//                    |
//                    | approved: the signatures suffice, or none is needed
//                    v              paused
//               ROLLING_OUT ---------------------------------> PAUSED
//                |   |   ^ <---------------------------------- |  ^ |
//        lagging |   |   |          resumed                    |  | |
//                v   |   |                                     |  | |
//          INCOMPLETE --------------------------------------------' |
//             |  ^   |   |          paused                     |    |
//     all run |  |   |   | all run                             |    |
//             v  |   |   |                                     |    |
//            COMPLETE <--'     (lagging: back to INCOMPLETE)   |    |
//                    |                                         |    |
//                    |  returned, from ROLLING_OUT, INCOMPLETE |    |
//                    |  or PAUSED; COMPLETE is rolled back     '----+--> RETURNED
//                    |
//                    |  from ROLLING_OUT, COMPLETE, INCOMPLETE and PAUSED, once a later one was approved:
//                    +-- followed ------> SUPERSEDED
//                    +-- rolled back ---> ROLLED_BACK
//                    '-- undeployed ----> UNDEPLOYED
//
// RETURNED, CANCELLED and the last three are ends: nothing moves them any more.
#include "rollout/state.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "pending/configuration.h"
#include "wire/json.h"

#include <stdio.h>

#define S(name) PARLEY__DESIGN__V1__DEPLOYMENT_STATE__DEPLOYMENT_STATE_##name

enum { STATES = S(UNDEPLOYED) + 1, NEVER = 0 };

// clang-format off
static const uint8_t moves[STATES][STATE_EVENTS] = {
        [S(AWAITING_APPROVAL)] = {
                [EVENT_APPROVED] = S(ROLLING_OUT), [EVENT_CANCELLED] = S(CANCELLED), [EVENT_OVERTAKEN] = S(CANCELLED)},
        [S(ROLLING_OUT)] = {
                [EVENT_APPROVED] = S(ROLLING_OUT), [EVENT_ALL_RUN] = S(COMPLETE), [EVENT_LAGGING] = S(INCOMPLETE),
                [EVENT_PAUSED] = S(PAUSED), [EVENT_RESUMED] = S(ROLLING_OUT), [EVENT_RETURNED] = S(RETURNED),
                [EVENT_FOLLOWED] = S(SUPERSEDED), [EVENT_ROLLED_BACK] = S(ROLLED_BACK), [EVENT_UNDEPLOYED] = S(UNDEPLOYED)},
        [S(INCOMPLETE)] = {
                [EVENT_APPROVED] = S(INCOMPLETE), [EVENT_ALL_RUN] = S(COMPLETE), [EVENT_LAGGING] = S(INCOMPLETE),
                [EVENT_PAUSED] = S(PAUSED), [EVENT_RESUMED] = S(INCOMPLETE), [EVENT_RETURNED] = S(RETURNED),
                [EVENT_FOLLOWED] = S(SUPERSEDED), [EVENT_ROLLED_BACK] = S(ROLLED_BACK), [EVENT_UNDEPLOYED] = S(UNDEPLOYED)},
        [S(PAUSED)] = {
                [EVENT_APPROVED] = S(PAUSED), [EVENT_PAUSED] = S(PAUSED), [EVENT_RESUMED] = S(ROLLING_OUT),
                [EVENT_RETURNED] = S(RETURNED),
                [EVENT_FOLLOWED] = S(SUPERSEDED), [EVENT_ROLLED_BACK] = S(ROLLED_BACK), [EVENT_UNDEPLOYED] = S(UNDEPLOYED)},
        [S(COMPLETE)] = {
                [EVENT_APPROVED] = S(COMPLETE), [EVENT_ALL_RUN] = S(COMPLETE), [EVENT_LAGGING] = S(INCOMPLETE),
                [EVENT_FOLLOWED] = S(SUPERSEDED), [EVENT_ROLLED_BACK] = S(ROLLED_BACK), [EVENT_UNDEPLOYED] = S(UNDEPLOYED)},
        [S(RETURNED)] = {
                [EVENT_RETURNED] = S(RETURNED),
                [EVENT_FOLLOWED] = S(RETURNED), [EVENT_ROLLED_BACK] = S(RETURNED), [EVENT_UNDEPLOYED] = S(RETURNED)},
        [S(SUPERSEDED)] = {
                [EVENT_FOLLOWED] = S(SUPERSEDED), [EVENT_ROLLED_BACK] = S(SUPERSEDED), [EVENT_UNDEPLOYED] = S(SUPERSEDED)},
        [S(ROLLED_BACK)] = {
                [EVENT_FOLLOWED] = S(ROLLED_BACK), [EVENT_ROLLED_BACK] = S(ROLLED_BACK), [EVENT_UNDEPLOYED] = S(ROLLED_BACK)},
        [S(UNDEPLOYED)] = {
                [EVENT_FOLLOWED] = S(UNDEPLOYED), [EVENT_ROLLED_BACK] = S(UNDEPLOYED), [EVENT_UNDEPLOYED] = S(UNDEPLOYED)},
        [S(CANCELLED)] = {
                [EVENT_CANCELLED] = S(CANCELLED), [EVENT_OVERTAKEN] = S(CANCELLED)},
};
// clang-format on

// What it is, and what can be done instead.
static const char *const words[STATES] = {
        [S(AWAITING_APPROVAL)] = "it waits for approvals: parley approve signs it, parley deployment cancel "
                                 "gives it up",
        [S(ROLLING_OUT)] = "it is rolling out: parley rollout pause stays at this step, parley rollout undo "
                           "returns to the one before",
        [S(INCOMPLETE)] = "some server does not run it yet, and is tried again by itself: parley rollout "
                          "status shows which; parley rollout undo returns to the one before",
        [S(PAUSED)] = "it is paused: parley rollout resume goes on, parley rollout undo returns to the one "
                      "before",
        [S(COMPLETE)] = "every server runs it: parley rollback brings an earlier version back, parley "
                        "undeploy switches the channel off",
        [S(RETURNED)] = "it was undone, and servers serve the one before: deploy or promote again",
        [S(SUPERSEDED)] = "a later deployment has taken its place: parley rollback --to brings its content "
                          "back",
        [S(ROLLED_BACK)] = "a later rollback has taken its place: parley rollback --to brings its content "
                           "back",
        [S(UNDEPLOYED)] = "the channel was switched off after it: parley rollback --to brings its content "
                          "back",
        [S(CANCELLED)] = "it was given up before it was approved: deploy or promote again",
};

// What is done to a deployment, in the audit and in refusals.
static const char *const verbs[STATE_EVENTS] = {
        [EVENT_APPROVED] = "approve",
        [EVENT_CANCELLED] = "cancel",
        [EVENT_OVERTAKEN] = "overtake",
        [EVENT_ALL_RUN] = "complete",
        [EVENT_LAGGING] = "lag",
        [EVENT_PAUSED] = "pause",
        [EVENT_RESUMED] = "resume",
        [EVENT_RETURNED] = "undo",
        [EVENT_FOLLOWED] = "supersede",
        [EVENT_ROLLED_BACK] = "roll back",
        [EVENT_UNDEPLOYED] = "undeploy",
};

const char *state_words(DeploymentState state)
{
	return (unsigned)state < STATES && words[state] ? words[state] : "it is in no known state";
}

Err state_next(DeploymentState from, StateEvent event, DeploymentState *ret)
{
	if ((unsigned)from - 1 >= STATES - 1 || (unsigned)event >= STATE_EVENTS)
		return err(ERR_INTERNAL, "no deployment is in state %d, or nothing is called event %d",
		        (int)from, (int)event);
	if (moves[from][event] == NEVER)
		return err(ERR_DEPLOYMENT_STATE, "cannot %s it: %s", verbs[event], words[from]);
	*ret = (DeploymentState)moves[from][event];
	return OK;
}

static const char *state_name(DeploymentState state)
{
	const ProtobufCEnumDescriptor *descriptor = &parley__design__v1__deployment_state__descriptor;
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(descriptor, (int)state);
	return value ? value->name + json_enum_prefix(descriptor) : "?";
}

// A row of deployment_move_lock.
typedef struct Moved {
	Str channel, environment;
	int64_t version;
	DeploymentState from, to;
} Moved;

static Err state_json(const Moved *moved, DeploymentState state, Str reason, Arena *arena, Str *ret)
{
	CLEANUP(json_decrefp_)
	json_t *json = json_pack("{s:s%, s:I, s:s, s:s%}", "environment", moved->environment.ptr,
	        moved->environment.len, "version", (json_int_t)moved->version, "state", state_name(state),
	        "reason", reason.ptr ? reason.ptr : "", reason.len);
	if (!json)
		return err(ERR_NO_MEMORY, "no memory for the audit");
	return json_text(json, false, arena, ret);
}

static Err write_audit(Pg *pg, const Moved *moved, StateEvent event, Str actor, Str reason, int64_t now_us)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4 * 1024, 0);
	Str before, after;
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for the audit");
	TRY(state_json(moved, moved->from, (Str){0}, arena, &before));
	TRY(state_json(moved, moved->to, reason, arena, &after));
	return audit_write(pg, &(Audit){
	                               .time_us = now_us,
	                               .actor = actor,
	                               .action = str(verbs[event]),
	                               .kind = STR("Deployment"),
	                               .channel = moved->channel,
	                               .name = moved->environment,
	                               .before = before,
	                               .after = after,
	                       });
}

static bool is_rest(DeploymentState state)
{
	return state != S(ROLLING_OUT) && state != S(INCOMPLETE) && state != S(PAUSED);
}

Err state_move(Pg *pg, int64_t deployment, StateEvent event, Str actor, Str reason, int64_t now_us,
        DeploymentState *ret)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(SQL_RUN(pg, &result, deployment_move_lock, P_I64(deployment)));
	if (pg_rows(result) != 1)
		return err(ERR_DEPLOYMENT_NOT_FOUND, "deployment %lld is not there", (long long)deployment);
	Moved moved = {
	        .channel = pg_text(result, 0, 0),
	        .environment = pg_text(result, 0, 1),
	        .version = pg_i64(result, 0, 2),
	        .from = (DeploymentState)pg_i64(result, 0, 3),
	};
	Err e = state_next(moved.from, event, &moved.to);
	if (e)
		return err_context(e, STR_FMT " in " STR_FMT ", version %lld", STR_ARG(moved.channel),
		        STR_ARG(moved.environment), (long long)moved.version);
	if (ret)
		*ret = moved.to;
	if (moved.to == moved.from)
		return OK;
	TRY(SQL_RUN(pg, NULL, deployment_move, P_I64(deployment), P_I64((int64_t)moved.to), P_TEXT(reason),
	        is_rest(moved.to) ? P_TIME(now_us) : P_NULL, P_TIME(now_us)));
	if (moved.to == S(RETURNED))
		TRY(configuration_returned(pg, deployment, now_us));
	return write_audit(pg, &moved, event, actor, reason, now_us);
}
