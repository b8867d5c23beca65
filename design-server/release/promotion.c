// GetPromotion: the line of environments for one channel, and for each what keeps it from what the one before
// has, with the command that does the next step.
#include "release/internal.h"

typedef Parley__Design__V1__PromotionStage Stage;

typedef struct Line {
	Release *release;
	Arena *arena;
	Str channel;
	int64_t now_us;
	Stage **stages;
	size_t count;
} Line;

// What an environment has: what waits or moves there, else what serves.
typedef struct Standing {
	bool found, serves;
	Row row, in_force;
} Standing;

static Err read_standing(Pg *pg, const Line *line, Str environment, Standing *ret)
{
	TRY(record_waiting(pg, environment, line->channel, line->arena, &ret->row, &ret->found));
	TRY(record_in_force(pg, environment, line->channel, line->arena, &ret->in_force, &ret->serves));
	if (!ret->found && ret->serves)
		ret->row = ret->in_force;
	ret->found |= ret->serves;
	return OK;
}

static const char *say_state(const Line *line, const Environment *environment, const Row *row)
{
	const char *environment_name = arena_cstr(line->arena, environment->name);
	switch ((int)row->state) {
	case STATE(AWAITING_APPROVAL):
		return arena_printf(line->arena,
		        "version %llu waits for %u approvals: parley approve " STR_FMT " --env %s",
		        (unsigned long long)row->version, row->approvals_needed, STR_ARG(line->channel),
		        environment_name);
	case STATE(ROLLING_OUT):
		return arena_printf(line->arena,
		        "it rolls out: parley rollout status " STR_FMT " --env %s --watch",
		        STR_ARG(line->channel), environment_name);
	case STATE(PAUSED):
		return arena_printf(line->arena,
		        "its roll-out is paused: parley rollout resume " STR_FMT " --env %s",
		        STR_ARG(line->channel), environment_name);
	case STATE(INCOMPLETE):
		return arena_printf(line->arena,
		        "not every server runs it yet: parley rollout status " STR_FMT " --env %s",
		        STR_ARG(line->channel), environment_name);
	default:
		return NULL;
	}
}

static const char *say_gates(const Line *line, const Gates *gates)
{
	for (size_t i = 0; i < gates->count; i++)
		if (!gates->items[i]->passed)
			return arena_printf(
			        line->arena, "gate %s: %s", gates->items[i]->name, gates->items[i]->reason);
	return NULL;
}

// What to do so that `environment` has what `before` (NULL: it is the first) has.
static const char *say_next(const Line *line, const Environment *environment, const Standing *before,
        const Standing *here, const Gates *gates)
{
	const char *moving = here->found ? say_state(line, environment, &here->row) : NULL;
	if (moving)
		return moving;
	if (!before)
		return here->serves ? ""
		                    : arena_printf(line->arena, "parley deploy " STR_FMT " --to " STR_FMT,
		                              STR_ARG(line->channel), STR_ARG(environment->name));
	if (!before->serves || before->in_force.undeploy)
		return arena_printf(line->arena, "it is to be deployed to " STR_FMT " first",
		        STR_ARG(environment->promotes_from));
	if (here->serves && digest_eq(&here->in_force.blob, &before->in_force.blob))
		return "";
	const char *failing = say_gates(line, gates);
	return failing ? failing
	               : arena_printf(line->arena, "parley promote " STR_FMT " --to " STR_FMT,
	                         STR_ARG(line->channel), STR_ARG(environment->name));
}

static Err make_stage(Pg *pg, const Line *line, const Environment *environment, Stage *ret)
{
	Standing here, before;
	Gates gates = {0};
	bool first = !environment->promotes_from.len;
	TRY(read_standing(pg, line, environment->name, &here));
	if (!first) {
		TRY(read_standing(pg, line, environment->promotes_from, &before));
		const GateCase of = {.environment = environment,
		        .channel = line->channel,
		        .digest = &before.in_force.blob,
		        .now_us = line->now_us};
		if (before.serves && !before.in_force.undeploy)
			TRY(gates_judge(pg, &of, line->arena, &gates));
	}
	ret->environment = arena_cstr(line->arena, environment->name);
	ret->gates = gates.items;
	ret->n_gates = gates.count;
	ret->next = (char *)(uintptr_t)say_next(line, environment, first ? NULL : &before, &here, &gates);
	if (!ret->next)
		return release_no_memory();
	if (!here.found)
		return OK;
	ret->deployment = map_deployment(&here.row, line->arena);
	return ret->deployment ? map_details(pg, line->release, &here.row, line->arena, ret->deployment)
	                       : release_no_memory();
}

// Whether anything of the channel ever came anywhere.
static bool is_empty(const Line *line)
{
	for (size_t i = 0; i < line->count; i++)
		if (line->stages[i]->deployment)
			return false;
	return true;
}

static Err read_line(Pg *pg, void *context)
{
	Line *line = context;
	const Environments *environments = line->release->environments;
	Stage *stages = ARENA_ARRAY(line->arena, Stage, environments->count);
	line->stages = ARENA_ARRAY(line->arena, Stage *, environments->count);
	line->count = 0;
	if (!stages || !line->stages)
		return release_no_memory();
	for (size_t i = 0; i < environments->count; i++) {
		stages[i] = (Stage)PARLEY__DESIGN__V1__PROMOTION_STAGE__INIT;
		line->stages[line->count++] = &stages[i];
		TRY(make_stage(pg, line, &environments->items[i], &stages[i]));
	}
	return OK;
}

static Err get_promotion(Line *line, const char *channel)
{
	if (!*channel)
		return err_at(ERR_FIELD_MISSING, "channel", "name the channel");
	Store *store = line->release->services->store;
	TRY(store_read(store, read_line, line));
	return is_empty(line) ? environment_asked(line->release->environments, store, "", channel) : OK;
}

void handle_get_promotion(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Release *release = context;
	const Parley__Design__V1__GetPromotionRequest *in = (const void *)request;
	Parley__Design__V1__GetPromotionResponse out = PARLEY__DESIGN__V1__GET_PROMOTION_RESPONSE__INIT;
	Line line = {.release = release,
	        .arena = rpc_arena(call),
	        .channel = str(in->channel),
	        .now_us = clock_now_us(release->services->clock)};
	Err e = get_promotion(&line, in->channel);
	out.stages = line.stages;
	out.n_stages = line.count;
	rpc_answer(call, e, &out.base);
}
