// RetentionService: what the thread would do is told, or done at once by whoever asks.
#include "config.h"
#include "retention/internal.h"

typedef Parley__Design__V1__GetRetentionResponse GetResponse;
typedef Parley__Design__V1__ApplyRetentionRequest ApplyRequest;
typedef Parley__Design__V1__ApplyRetentionResponse ApplyResponse;

static const int64_t APPLY_US = 20 * US_PER_S; // less than callers wait by default

static RetentionSweep sweep_of(const Retention *retention, RpcCall *call)
{
	const Principal *who = rpc_principal(call);
	return (RetentionSweep){.store = retention->services->store,
	        .environments = retention->environments,
	        .actor = who->user,
	        .now_us = clock_now_us(retention->services->clock),
	        .arena = rpc_arena(call)};
}

static void handle_get_retention(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	const Retention *retention = context;
	const DesignConfig *config = retention->services->config;
	GetResponse out = PARLEY__DESIGN__V1__GET_RETENTION_RESPONSE__INIT;
	RetentionSweep sweep = sweep_of(retention, call);
	(void)request;
	Err e = retention_read(&sweep);
	if (e != OK) {
		rpc_fail(call, e);
		return;
	}
	out.tables = sweep.tables;
	out.n_tables = sweep.count;
	out.every_seconds = config->retention.apply ? (uint32_t)(config->retention.every_us / US_PER_S) : 0;
	rpc_reply(call, &out.base);
}

// A sweep that was cut off by its time goes on with the next call, also among the IDs of events.
static Err apply(Retention *retention, RetentionSweep *sweep)
{
	pthread_mutex_lock(&retention->lock);
	sweep->first_page = sweep->rehearse ? 0 : retention->next_page;
	pthread_mutex_unlock(&retention->lock);
	if (!sweep->rehearse)
		TRY(retention_configure(sweep->store, retention->services->config, sweep->now_us));
	TRY(retention_sweep(sweep));
	retention_count(retention, sweep);
	if (!sweep->rehearse) {
		pthread_mutex_lock(&retention->lock);
		retention->next_page = sweep->first_page;
		pthread_mutex_unlock(&retention->lock);
	}
	return sweep->busy ? err(ERR_DB_CONFLICT, "another process removes what is too old at this moment: "
	                                          "it will be done soon")
	                   : OK;
}

static void handle_apply_retention(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	ApplyResponse out = PARLEY__DESIGN__V1__APPLY_RETENTION_RESPONSE__INIT;
	RetentionSweep sweep = sweep_of(context, call);
	sweep.rehearse = ((const ApplyRequest *)request)->dry_run;
	sweep.all = true;
	sweep.until_us = monotonic_us() + APPLY_US;
	Err e = apply(context, &sweep);
	if (e != OK) {
		rpc_fail(call, e);
		return;
	}
	out.tables = sweep.tables;
	out.n_tables = sweep.count;
	out.complete = sweep.complete;
	rpc_reply(call, &out.base);
}

Err retention_register(Retention *retention, RpcServer *server)
{
	static const RpcMethod methods[] = {
	        {.name = "GetRetention", .handler = handle_get_retention, .blocking = true},
	        {.name = "ApplyRetention", .handler = handle_apply_retention, .blocking = true},
	};
	return rpc_server_add(server, &parley__design__v1__retention_service__descriptor, methods,
	        ARRAY_COUNT(methods), retention);
}
