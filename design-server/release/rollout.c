// All servers at once: one that does not answer costs its time-out and not everybody's.
#include "release/internal.h"

#include <pthread.h>

typedef struct Visit {
	Release *release;
	const Row *row;
	ServerState *state;
	void (*work)(Release *release, const Row *row, ServerState *state);
	pthread_t thread;
	bool started;
} Visit;

static void *visit(void *context)
{
	Visit *v = context;
	v->work(v->release, v->row, v->state);
	return NULL;
}

Err rollout(Release *release, const Environment *environment, const Row *row, bool bring_up, Arena *arena,
        ServerState **ret)
{
	size_t count = environment->servers.count;
	ServerState *states = ARENA_ARRAY(arena, ServerState, count);
	Visit *visits = ARENA_ARRAY(arena, Visit, count);
	if (!states || !visits)
		return release_no_memory();
	for (size_t i = 0; i < count; i++) {
		states[i].server = environment_server(environment, i);
		visits[i] = (Visit){.release = release,
		        .row = row,
		        .state = &states[i],
		        .work = bring_up ? server_bring_up : server_probe};
		visits[i].started = pthread_create(&visits[i].thread, NULL, visit, &visits[i]) == 0;
		if (!visits[i].started)
			visit(&visits[i]); // without a thread to spare it only takes longer
	}
	for (size_t i = 0; i < count; i++) {
		if (visits[i].started)
			pthread_join(visits[i].thread, NULL);
	}
	*ret = states;
	return OK;
}

typedef struct Met {
	const Row *row;
	const ServerState *states;
	size_t count;
	int64_t now_us;
} Met;

static Err write_met(Pg *pg, void *context)
{
	const Met *met = context;
	DeploymentState ignored;
	bool all = true;
	for (size_t i = 0; i < met->count; i++) {
		const ServerState *state = &met->states[i];
		TRY(SQL_RUN(pg, NULL, deployment_server_put, P_I64(met->row->id), P_TEXT(state->server->name),
		        P_TEXT(state->server->address), P_I64((int64_t)state->version),
		        P_CTEXT(state->digest), state->seen_us ? P_TIME(state->seen_us) : P_NULL,
		        P_CTEXT(state->error)));
		all = all && !state->error[0] && state->version == met->row->version;
	}
	return state_move(pg, met->row->id, all ? EVENT_ALL_RUN : EVENT_LAGGING, STR("rollout"), (Str){0},
	        met->now_us, &ignored);
}

Err rollout_record(
        Release *release, const Environment *environment, const Row *row, const ServerState *states)
{
	Met met = {row, states, environment->servers.count, clock_now_us(release->services->clock)};
	return store_transact(release->services->store, write_met, &met);
}
