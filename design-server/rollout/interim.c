// Brings servers up within Deploy's call, until the controller does it.
#include "rollout/interim.h"

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

static Err rollout(Release *release, const Environment *environment, const Row *row, bool bring_up,
        Arena *arena, ServerState **ret)
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

struct Rollouts {
	Release r;
	Arena *arena;
};
Err rollouts_new(Services *services, const Environments *environments, Rollouts **ret)
{
	Arena *arena = arena_new(4096, 0);
	Rollouts *x = ARENA_NEW(arena, Rollouts);
	const struct DesignConfig *c = services->config;
	*x = (Rollouts){{services, environments,
	                        {arena_cstr(arena, c->tls.certificate), arena_cstr(arena, c->tls.key),
	                                arena_cstr(arena, c->tls.ca), false}},
	        arena};
	*ret = x;
	return OK;
}
void rollouts_free(Rollouts *rollouts)
{
	if (rollouts)
		arena_free(rollouts->arena);
}
Err rollouts_register(Rollouts *rollouts, RpcServer *server)
{
	(void)rollouts;
	(void)server;
	return OK;
}
Err rollout_begin(Pg *pg, int64_t deployment, const Environment *environment, int64_t now_us)
{
	(void)pg;
	(void)deployment;
	(void)environment;
	(void)now_us;
	return OK;
}
void rollouts_wake(Rollouts *rollouts)
{
	(void)rollouts;
}
typedef struct Q {
	const char *sql;
	PgParam p;
	Arena *a;
	Row *rows;
	size_t n;
} Q;
static Err q(Pg *pg, void *context)
{
	Q *x = context;
	CLEANUP(pg_result_freep) PgResult *r = NULL;
	TRY(pg_query(pg, 10000, x->sql, &x->p, 1, &r));
	x->n = pg_rows(r);
	x->rows = ARENA_ARRAY(x->a, Row, x->n);
	for (size_t i = 0; i < x->n; i++) {
		x->rows[i] = (Row){pg_i64(r, i, 0), arena_str(x->a, pg_text(r, i, 1)),
		        arena_str(x->a, pg_text(r, i, 2)), (uint64_t)pg_i64(r, i, 3),
		        (uint64_t)pg_i64(r, i, 4), {{0}}, (uint64_t)pg_i64(r, i, 6), pg_bool(r, i, 7)};
		Str b = pg_bytes(r, i, 5, x->a);
		if (b.len == 32)
			memcpy(x->rows[i].blob.bytes, b.ptr, 32);
	}
	return OK;
}
bool rollouts_wait(Rollouts *rollouts, const Environment *environment, int timeout_ms)
{
	CLEANUP(arena_freep) Arena *a = arena_new(4096, 0);
	(void)timeout_ms;
	Q x = {"SELECT DISTINCT ON (channel) id, environment, channel, epoch, version, blob, length, "
	       "undeploy FROM deployment WHERE environment = $1 AND state IN (1,2,3) ORDER BY channel, id "
	       "DESC",
	        P_TEXT(environment->name), a, NULL, 0};
	if (store_read(rollouts->r.services->store, q, &x))
		return false;
	for (size_t i = 0; i < x.n; i++) {
		ServerState *s;
		rollout(&rollouts->r, environment, &x.rows[i], true, a, &s);
		Met met = {
		        &x.rows[i], s, environment->servers.count, clock_now_us(rollouts->r.services->clock)};
		store_transact(rollouts->r.services->store, write_met, &met);
	}
	return true;
}
Err rollouts_fill(Rollouts *rollouts, const Environment *environment, int64_t id, Arena *arena,
        Parley__Design__V1__Deployment *d)
{
	Q x = {"SELECT id, environment, channel, epoch, version, blob, length, undeploy FROM deployment "
	       "WHERE id = $1",
	        P_I64(id), arena, NULL, 0};
	TRY(store_read(rollouts->r.services->store, q, &x));
	ServerState *s;
	TRY(rollout(&rollouts->r, environment, x.rows, false, arena, &s));
	d->n_servers = environment->servers.count;
	d->servers = ARENA_ARRAY(arena, Parley__Design__V1__ServerRollout *, d->n_servers);
	for (size_t i = 0; i < d->n_servers; i++) {
		Parley__Design__V1__ServerRollout *o = ARENA_NEW(arena, Parley__Design__V1__ServerRollout);
		*o = (Parley__Design__V1__ServerRollout)PARLEY__DESIGN__V1__SERVER_ROLLOUT__INIT;
		o->server = arena_cstr(arena, s[i].server->name);
		o->address = arena_cstr(arena, s[i].server->address);
		o->running_version = s[i].version;
		o->running_digest = arena_cstr(arena, str(s[i].digest));
		o->error = arena_cstr(arena, str(s[i].error));
		o->desired_version = d->version;
		o->journal_lag = s[i].journal_lag;
		o->sessions = s[i].sessions;
		if (s[i].seen_us) {
			o->seen_time = ARENA_NEW(arena, Google__Protobuf__Timestamp);
			*o->seen_time = (Google__Protobuf__Timestamp)GOOGLE__PROTOBUF__TIMESTAMP__INIT;
			o->seen_time->seconds = s[i].seen_us / 1000000;
		}
		d->servers[i] = o;
	}
	return OK;
}
