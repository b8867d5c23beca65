// What ListEnvironments says of an environment.
#include "environment/internal.h"

#include "wire/timestamp.h"

// Persons, each once: one may hold several keys.
static char **approvers(const TrustRoot *root, Arena *arena, size_t *ret_count)
{
	const Parley__Snapshot__V1__RootRole *role = root->message->approver;
	size_t keys = role ? role->n_keys : 0;
	char **names = ARENA_ARRAY(arena, char *, keys);
	*ret_count = 0;
	for (size_t i = 0; i < keys && names; i++) {
		bool seen = false;
		for (size_t j = 0; j < *ret_count; j++)
			seen |= strcmp(names[j], role->keys[i]->holder) == 0;
		if (!seen)
			names[(*ret_count)++] = role->keys[i]->holder;
	}
	return names;
}

static char **limits(const Environment *environment, Arena *arena, size_t *ret_count)
{
	char **texts = ARENA_ARRAY(arena, char *, 4);
	char lifetime[WORD_MAX];
	if (!texts)
		return NULL;
	duration_text(environment->manifest_lifetime_us, lifetime);
	texts[0] = arena_printf(
	        arena, "snapshots of at most %lld KiB", (long long)environment->limits.max_snapshot / 1024);
	texts[1] =
	        arena_printf(arena, "%lld servers at a time", (long long)environment->limits.servers_at_once);
	texts[2] = arena_printf(arena, "deployments hold for %s", lifetime);
	duration_text(environment->timestamp_lifetime_us, lifetime);
	texts[3] = arena_printf(arena, "timestamps hold for %s", lifetime);
	*ret_count = 4;
	return texts[0] && texts[1] && texts[2] && texts[3] ? texts : NULL;
}

static Err fill_lists(const Environment *environment, Arena *arena, Parley__Design__V1__Environment *out)
{
	out->servers = ARENA_ARRAY(arena, char *, environment->servers.count);
	out->gates = ARENA_ARRAY(arena, char *, environment->gates.count);
	out->limits = limits(environment, arena, &out->n_limits);
	if (!out->servers || !out->gates || !out->limits)
		return err(ERR_NO_MEMORY, "no memory for the environments");
	out->n_servers = environment->servers.count;
	for (size_t i = 0; i < out->n_servers; i++)
		out->servers[i] = arena_cstr(arena, environment_server(environment, i)->address);
	out->n_gates = environment->gates.count;
	for (size_t i = 0; i < out->n_gates; i++)
		out->gates[i] = arena_cstr(
		        arena, str(environment_gate_text(environment_gate(environment, i), arena)));
	return OK;
}

Err environment_message(Pg *pg, const Environment *environment, int64_t now_us, Arena *arena,
        Parley__Design__V1__Environment **ret)
{
	Parley__Design__V1__Environment *out = ARENA_NEW(arena, Parley__Design__V1__Environment);
	TrustRoot root;
	if (!out)
		return err(ERR_NO_MEMORY, "no memory for the environments");
	*out = (Parley__Design__V1__Environment)PARLEY__DESIGN__V1__ENVIRONMENT__INIT;
	out->name = arena_cstr(arena, environment->name);
	out->promotes_from = arena_cstr(arena, environment->promotes_from);
	out->fleet = arena_cstr(arena, environment->fleet);
	out->approvals = (uint32_t)environment->approvals;
	out->rollout = arena_cstr(arena, str(rollout_text(environment, arena)));
	TRY(fill_lists(environment, arena, out));
	if (environment_root(pg, environment, arena, &root) == OK) {
		out->root_version = root.version;
		out->root_expire_time = wire_timestamp(root.message->expires_us, arena);
		out->approvers = approvers(&root, arena, &out->n_approvers);
	}
	if (environment_check(pg, environment, now_us, arena))
		out->problem = arena_cstr(arena, str(err_detail()->message));
	*ret = out;
	return OK;
}
