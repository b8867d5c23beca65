// Rows and what servers said → messages.
#include "release/internal.h"

#include "google/protobuf/timestamp.pb-c.h"

Google__Protobuf__Timestamp *map_time(int64_t us, Arena *arena)
{
	Google__Protobuf__Timestamp *time = ARENA_NEW(arena, Google__Protobuf__Timestamp);
	if (!time)
		return NULL;
	*time = (Google__Protobuf__Timestamp)GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	int64_t fraction = us % US_PER_S;
	time->seconds = us / US_PER_S - (fraction < 0);
	time->nanos = (int32_t)(fraction < 0 ? fraction + US_PER_S : fraction) * 1000;
	return time;
}

Deployment *map_deployment(const Row *row, Arena *arena)
{
	Deployment *deployment = ARENA_NEW(arena, Deployment);
	char *digest = arena_alloc(arena, 65);
	if (!deployment || !digest)
		return NULL;
	digest_hex(&row->blob, digest);
	*deployment = (Deployment)PARLEY__DESIGN__V1__DEPLOYMENT__INIT;
	deployment->channel = arena_cstr(arena, row->channel);
	deployment->environment = arena_cstr(arena, row->environment);
	deployment->version = row->version;
	deployment->digest = digest;
	deployment->length = row->length;
	deployment->author = arena_cstr(arena, row->author);
	deployment->comment = arena_cstr(arena, row->comment);
	deployment->create_time = row->created_us ? map_time(row->created_us, arena) : NULL;
	deployment->promoted_from = arena_cstr(arena, row->promoted_from);
	return deployment;
}

static bool runs_it(const ServerRollout *server, const Deployment *deployment)
{
	return !*server->error && server->running_version == deployment->version &&
	       strcmp(server->running_digest, deployment->digest) == 0;
}

void map_servers(const Row *row, ServerRollout **servers, size_t count, Deployment *ret)
{
	bool complete = true;
	ret->servers = servers;
	ret->n_servers = count;
	for (size_t i = 0; i < count; i++) {
		servers[i]->desired_version = row->version;
		complete &= runs_it(servers[i], ret);
	}
	ret->state = row->state == STATE(COMPLETE) && !complete ? STATE(INCOMPLETE) : row->state;
}

static ServerRollout *map_state(const ServerState *state, Arena *arena)
{
	ServerRollout *server = ARENA_NEW(arena, ServerRollout);
	if (!server)
		return NULL;
	*server = (ServerRollout)PARLEY__DESIGN__V1__SERVER_ROLLOUT__INIT;
	server->server = arena_cstr(arena, state->server->name);
	server->address = arena_cstr(arena, state->server->address);
	server->running_version = state->version;
	server->running_digest = arena_cstr(arena, str(state->digest));
	server->seen_time = state->seen_us ? map_time(state->seen_us, arena) : NULL;
	server->error = arena_cstr(arena, str(state->error));
	server->journal_lag = state->journal_lag;
	server->sessions = state->sessions;
	return server;
}

Err map_states(const Row *row, const ServerState *states, size_t count, Arena *arena, Deployment *ret)
{
	ServerRollout **servers = ARENA_ARRAY(arena, ServerRollout *, count);
	if (!servers)
		return release_no_memory();
	for (size_t i = 0; i < count; i++) {
		servers[i] = map_state(&states[i], arena);
		if (!servers[i])
			return release_no_memory();
	}
	map_servers(row, servers, count, ret);
	return OK;
}
