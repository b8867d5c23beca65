// Pause, resume, undo: each moves the deployment's state, and the controller does the rest.
#include "rollout/fill.h"

enum { COMMENT_MAX = 1000, SEEN_MS = 10000 };

typedef struct Steering {
	Rollouts *rollouts;
	const Parley__Design__V1__RolloutRequest *in;
	const Principal *who;
	const Environment *environment;
	StateEvent event;
	Arena *arena;
	int64_t now_us, id;
} Steering;

// What serves everywhere is past pausing and undoing.
static Err check_steps(const Steering *s, const Line *line)
{
	if (!line->kept || s->event == EVENT_RESUMED)
		return OK;
	return err(ERR_DEPLOYMENT_STATE,
	        "version %llu of %s serves all sessions of %s already, or is on its way to all at once: "
	        "`parley rollback "
	        "%s --env %s` brings the one before back",
	        (unsigned long long)line->newest.version, s->in->channel, s->in->environment, s->in->channel,
	        s->in->environment);
}

static Err move(Pg *pg, void *context)
{
	Steering *s = context;
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	Line line;
	TRY(SQL_RUN(pg, &result, rollout_newest, P_TEXT(s->environment->name), P_CTEXT(s->in->channel)));
	if (!pg_rows(result))
		return err_at(ERR_DEPLOYMENT_NOT_FOUND, "channel", "%s was never deployed to %s",
		        s->in->channel, s->in->environment);
	TRY(line_read(result, 0, s->arena, &line));
	s->id = line.newest.id;
	TRY(check_steps(s, &line));
	return state_move(pg, s->id, s->event, s->who->user, str(s->in->comment), s->now_us, NULL);
}

static Err steer(Steering *s, Parley__Design__V1__Deployment *out)
{
	if (!*s->in->channel)
		return err_at(ERR_FIELD_MISSING, "channel", "name the channel");
	if (!*s->in->environment)
		return err_at(ERR_FIELD_MISSING, "environment", "name the environment");
	if (strlen(s->in->comment) > COMMENT_MAX)
		return err_at(ERR_FIELD_INVALID, "comment", "it has %zu bytes, at most %d are allowed",
		        strlen(s->in->comment), COMMENT_MAX);
	TRY(environment_find(s->rollouts->environments, str(s->in->environment), &s->environment));
	TRY(store_transact(s->rollouts->services->store, move, s));
	(void)rollouts_wait(s->rollouts, s->environment, SEEN_MS);
	Fill fill = {.environment = s->environment,
	        .id = s->id,
	        .whole = true,
	        .arena = s->arena,
	        .deployment = out};
	return fill_read(s->rollouts, &fill);
}

static void handle(Rollouts *rollouts, RpcCall *call, const ProtobufCMessage *request, StateEvent event)
{
	Parley__Design__V1__Deployment out = PARLEY__DESIGN__V1__DEPLOYMENT__INIT;
	Steering s = {
	        .rollouts = rollouts,
	        .in = (const void *)request,
	        .who = rpc_principal(call),
	        .event = event,
	        .arena = rpc_arena(call),
	        .now_us = clock_now_us(rollouts->services->clock),
	};
	Err e = steer(&s, &out);
	rpc_answer(call, e, &out.base);
}

static void handle_pause(void *rollouts, RpcCall *call, const ProtobufCMessage *request)
{
	handle(rollouts, call, request, EVENT_PAUSED);
}

static void handle_resume(void *rollouts, RpcCall *call, const ProtobufCMessage *request)
{
	handle(rollouts, call, request, EVENT_RESUMED);
}

static void handle_undo(void *rollouts, RpcCall *call, const ProtobufCMessage *request)
{
	handle(rollouts, call, request, EVENT_RETURNED);
}

Err rollouts_register(Rollouts *rollouts, RpcServer *server)
{
	static const RpcMethod methods[] = {
	        {.name = "Pause", .handler = handle_pause, .blocking = true},
	        {.name = "Resume", .handler = handle_resume, .blocking = true},
	        {.name = "Undo", .handler = handle_undo, .blocking = true},
	};
	return rpc_server_add(server, &parley__design__v1__rollout_service__descriptor, methods,
	        ARRAY_COUNT(methods), rollouts);
}
