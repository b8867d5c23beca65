// What a table of keys cannot check: that the names in a file, and those of all files together, fit.
#include "environment/internal.h"

static Err refuse(const Environment *environment, ConfigPlace place, const char *what, Str name)
{
	return err(ERR_CONFIG_INVALID, STR_FMT "/environment.yaml:%d:%d: %s '" STR_FMT "'",
	        STR_ARG(environment->folder), place.line, place.column, what, STR_ARG(name));
}

static bool has_server(const Environment *environment, Str name)
{
	for (size_t i = 0; i < environment->servers.count; i++) {
		const EnvironmentServer *server = environment_server(environment, i);
		if (str_eq(server->name, name) || (name.len && str_eq(server->group, name)))
			return true;
	}
	return false;
}

static Err check_servers(const Environment *environment, const char *path)
{
	if (environment->servers.count > SERVERS_MAX)
		return err(ERR_CONFIG_INVALID, "%s: %zu servers, at most %d are allowed", path,
		        environment->servers.count, SERVERS_MAX);
	for (size_t i = 0; i < environment->servers.count; i++) {
		const EnvironmentServer *server = environment_server(environment, i);
		for (size_t j = 0; j < environment->servers.count; j++) {
			const EnvironmentServer *other = environment_server(environment, j);
			if (i < j && str_eq(server->name, other->name))
				return err(ERR_CONFIG_INVALID, "%s: two servers are called '" STR_FMT "'",
				        path, STR_ARG(server->name));
			if (str_eq(server->name, other->group))
				return err(ERR_CONFIG_INVALID,
				        "%s: '" STR_FMT "' is both a server and a group: rename one", path,
				        STR_ARG(server->name));
		}
	}
	return OK;
}

static Err check_steps(const Environment *environment, const char *path)
{
	bool steps = str_eq(environment->rollout.strategy, STR("steps"));
	if (steps != (environment->rollout.steps.count > 0))
		return err(ERR_CONFIG_INVALID,
		        "%s: the strategy is '" STR_FMT "' with %zu steps: give steps with the strategy "
		        "'steps', and only there",
		        path, STR_ARG(environment->rollout.strategy), environment->rollout.steps.count);
	if (environment->rollout.steps.count > STEPS_MAX)
		return err(ERR_CONFIG_INVALID, "%s: %zu steps, at most %d are allowed", path,
		        environment->rollout.steps.count, STEPS_MAX);
	for (size_t i = 0; i < environment->rollout.steps.count; i++) {
		const EnvironmentStep *step = environment_step(environment, i);
		for (size_t j = 0; j < step->servers.count; j++) {
			if (!has_server(environment, step->servers.items[j]))
				return refuse(environment, step->place, "there is no server or group",
				        step->servers.items[j]);
		}
	}
	return OK;
}

static bool limits_load(const EnvironmentGate *gate)
{
	return gate->max_p99_us || gate->min_throughput || gate->max_error_rate;
}

static bool limits_behaviour(const EnvironmentGate *gate)
{
	return gate->max_changed < SHARE_WHOLE || gate->max_changed_zone < SHARE_WHOLE ||
	       gate->max_changed_segment < SHARE_WHOLE || gate->limits.count;
}

// Its own kind's alone.
static Err check_kind(const Environment *environment, const EnvironmentGate *gate)
{
	bool load = str_eq(gate->kind, STR("load")), scenarios = str_eq(gate->kind, STR("scenarios"));
	bool behaviour = str_eq(gate->kind, STR("behaviour"));
	bool more = gate->min_decisions || gate->min_questions || gate->when_few.len || gate->acknowledge;
	if ((!load && limits_load(gate)) || (!scenarios && (gate->min_scenarios || gate->min_coverage)) ||
	        (!behaviour && (limits_behaviour(gate) || more)))
		return refuse(environment, gate->place,
		        "it has a limit of another kind of gate than its own, which is", gate->kind);
	if (behaviour && !limits_behaviour(gate))
		return refuse(environment, gate->place,
		        "it limits nothing (max_changed, max_changed_zone, max_changed_segment, limits): ",
		        gate->kind);
	return OK;
}

static Err check_limits(const Environment *environment, const EnvironmentGate *gate)
{
	if (gate->limits.count > LIMITS_MAX)
		return refuse(
		        environment, gate->place, "there are more than 256 limits in the gate", gate->kind);
	for (size_t i = 0; i < gate->limits.count; i++) {
		const EnvironmentGateLimit *limit = environment_gate_limit(gate, i);
		if (!limit->zone.len == !limit->segment.len)
			return refuse(environment, limit->place,
			        "a limit is either of a zone or of a segment, in the gate", gate->kind);
		for (size_t j = 0; j < i; j++) {
			const EnvironmentGateLimit *other = environment_gate_limit(gate, j);
			if (str_eq(other->zone, limit->zone) && str_eq(other->segment, limit->segment))
				return refuse(environment, limit->place, "there is another limit of",
				        limit->zone.len ? limit->zone : limit->segment);
		}
	}
	return OK;
}

// What is left out, where it depends on the kind.
static void complete_gate(const Environment *environment, EnvironmentGate *gate)
{
	bool behaviour = str_eq(gate->kind, STR("behaviour"));
	if (!gate->from.len)
		gate->from = behaviour ? environment->name : environment->promotes_from;
	if (!behaviour)
		return;
	if (!gate->min_decisions)
		gate->min_decisions = 1000;
	if (!gate->min_questions)
		gate->min_questions = 30;
	if (!gate->when_few.len)
		gate->when_few = STR("stop");
}

static Err check_gates(Environment *environment, const char *path)
{
	if (environment->gates.count > GATES_MAX)
		return err(ERR_CONFIG_INVALID, "%s: %zu gates, at most %d are allowed", path,
		        environment->gates.count, GATES_MAX);
	EnvironmentGate *gates = environment->gates.items;
	for (size_t i = 0; i < environment->gates.count; i++) {
		if (!environment->promotes_from.len)
			return refuse(environment, gates[i].place,
			        "what is built here was measured nowhere before: take away the gate",
			        gates[i].kind);
		TRY(check_kind(environment, &gates[i]));
		TRY(check_limits(environment, &gates[i]));
		complete_gate(environment, &gates[i]);
	}
	return OK;
}

// Relative paths start at the file's folder.
static Err complete_path(const Environment *environment, Str *path, Arena *arena)
{
	if (!path->len || path->ptr[0] == '/')
		return OK;
	const char *whole =
	        arena_printf(arena, STR_FMT "/" STR_FMT, STR_ARG(environment->folder), STR_ARG(*path));
	if (!whole)
		return err(ERR_NO_MEMORY, "no memory for the environments");
	*path = str(whole);
	return OK;
}

Err environment_check_file(Environment *environment, const char *path, const char *folder, Arena *arena)
{
	const char *slash = strrchr(path, '/');
	environment->folder = slash ? str_n(path, (size_t)(slash - path)) : STR(".");
	if (!str_eq(environment->name, str(folder)))
		return err(ERR_CONFIG_INVALID,
		        "%s: its name is '" STR_FMT "', but its folder is '%s': make them agree", path,
		        STR_ARG(environment->name), folder);
	TRY(complete_path(environment, &environment->trusted_root, arena));
	TRY(complete_path(environment, &environment->timestamp_key, arena));
	TRY(complete_path(environment, &environment->links.key, arena));
	TRY(check_servers(environment, path));
	TRY(check_gates(environment, path));
	return check_steps(environment, path);
}

Err environments_check_line(const Environments *environments)
{
	for (size_t i = 0; i < environments->count; i++) {
		const Environment *environment = &environments->items[i], *ignored;
		for (size_t j = 0; j < environment->gates.count; j++) {
			const EnvironmentGate *gate = environment_gate(environment, j);
			bool own = str_eq(gate->from, environment->name);
			if ((own && !str_eq(gate->kind, STR("behaviour"))) ||
			        environment_find(environments, gate->from, &ignored) != OK)
				return refuse(environment, gate->place, "nothing was measured before in",
				        gate->from);
		}
	}
	return OK;
}
