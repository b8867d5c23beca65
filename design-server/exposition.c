#include "exposition.h"

#include "base/log.h"
#include "history/history.h"
#include "metrics/metrics.h"
#include "trace/trace.h"

#include <pthread.h>
#include <stdlib.h>

enum { READ_EVERY_S = 30 };

// What the database said last; replaced as a whole.
typedef struct Findings {
	PgResult *cursors, *audit, *deployments, *late;
	int64_t read_us; // wall clock; 0: never yet
} Findings;

struct Exposition {
	ExpositionParts parts;
	pthread_mutex_t lock; // of what follows
	Findings findings;
	int64_t next_us; // monotonic; the ticking thread's own, as `failed`
	Err failed;      // what the last try ended in, so that it is logged once
};

// --- reading the database ---

static void findings_free(Findings *findings)
{
	pg_result_free(findings->cursors);
	pg_result_free(findings->audit);
	pg_result_free(findings->deployments);
	pg_result_free(findings->late);
	*findings = (Findings){0};
}

static Err read_cursors(Pg *pg, void *context)
{
	Findings *findings = context;
	pg_result_free(findings->cursors);
	findings->cursors = NULL;
	return pg_query(pg, STORE_TIMEOUT_MS, sql_metrics_cursors, NULL, 0, &findings->cursors);
}

static Err read_findings(Pg *pg, void *context)
{
	Findings *findings = context;
	findings_free(findings);
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_metrics_audit, NULL, 0, &findings->audit));
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_metrics_deployments, NULL, 0, &findings->deployments));
	return pg_query(pg, STORE_TIMEOUT_MS, sql_metrics_late_responses, NULL, 0, &findings->late);
}

// If it fails the figures stay as they were, and the time that they were read tells so.
void exposition_tick(Exposition *exposition)
{
	const Services *services = exposition->parts.services;
	Findings fresh = {0};
	if (!__atomic_load_n(exposition->parts.ready, __ATOMIC_RELAXED) ||
	        monotonic_us() < exposition->next_us)
		return;
	exposition->next_us = monotonic_us() + READ_EVERY_S * US_PER_S;
	Err e = store_read(services->store, read_findings, &fresh);
	if (e == OK)
		e = store_read(services->ingest, read_cursors, &fresh); // nobody else may look at them
	if (e != OK && e != exposition->failed)
		log_failure(LOG_WARN, "the database's figures could not be read");
	exposition->failed = e;
	if (e == OK) {
		fresh.read_us = clock_now_us(services->clock);
		pthread_mutex_lock(&exposition->lock);
		Findings old = exposition->findings;
		exposition->findings = fresh;
		pthread_mutex_unlock(&exposition->lock);
		fresh = old;
	}
	findings_free(&fresh);
}

// --- telling ---

static double seconds(int64_t us)
{
	return (double)us / (double)US_PER_S;
}

static void put_cursors(const PgResult *rows, Metrics *metrics)
{
	metrics_family(metrics, METRIC_GAUGE, "parley_ingest_cursor_time_seconds",
	        "When records of the runtime server were last taken in, in Unix time.");
	for (size_t i = 0; i < pg_rows(rows); i++)
		metrics_sample(metrics, seconds(pg_time(rows, i, 3)),
		        METRIC_LABELS({"environment", pg_text(rows, i, 0)}, {"server", pg_text(rows, i, 1)}));
	metrics_family(metrics, METRIC_GAUGE, "parley_ingest_cursor_records",
	        "The last record of its journal's newest life that was taken in.");
	for (size_t i = 0; i < pg_rows(rows); i++)
		metrics_sample(metrics, pg_f64(rows, i, 2),
		        METRIC_LABELS({"environment", pg_text(rows, i, 0)}, {"server", pg_text(rows, i, 1)}));
}

static Str state_name(int64_t state)
{
	static const char *const names[] = {"unspecified", "rolling_out", "complete", "incomplete",
	        "superseded", "awaiting_approval", "paused", "returned", "cancelled", "rolled_back",
	        "undeployed"};
	return str(names[state > 0 && state < (int64_t)ARRAY_COUNT(names) ? state : 0]);
}

static void put_deployments(const PgResult *rows, Metrics *metrics)
{
	metrics_family(metrics, METRIC_GAUGE, "parley_channels",
	        "Channels of an environment by the state of their newest deployment.");
	for (size_t i = 0; i < pg_rows(rows); i++)
		metrics_sample(metrics, pg_f64(rows, i, 2),
		        METRIC_LABELS({"environment", pg_text(rows, i, 0)},
		                {"state", state_name(pg_i64(rows, i, 1))}));
}

static void put_late(const PgResult *rows, Metrics *metrics)
{
	metrics_family(metrics, METRIC_GAUGE, "parley_late_responses",
	        "Responses without a session that wait to be matched, or are orphans.");
	for (size_t i = 0; i < pg_rows(rows); i++)
		metrics_sample(metrics, pg_f64(rows, i, 2),
		        METRIC_LABELS({"environment", pg_text(rows, i, 0)}, {"state", pg_text(rows, i, 1)}));
	metrics_family(metrics, METRIC_GAUGE, "parley_late_responses_oldest_time_seconds",
	        "When the oldest of them came, in Unix time.");
	for (size_t i = 0; i < pg_rows(rows); i++)
		metrics_sample(metrics, seconds(pg_time(rows, i, 3)),
		        METRIC_LABELS({"environment", pg_text(rows, i, 0)}, {"state", pg_text(rows, i, 1)}));
}

static void put_findings(Exposition *exposition, Metrics *metrics)
{
	pthread_mutex_lock(&exposition->lock);
	const Findings *findings = &exposition->findings;
	metrics_gauge(metrics, "parley_database_read_time_seconds",
	        "When what follows was read from the database, in Unix time; 0: not yet.",
	        seconds(findings->read_us));
	if (findings->read_us) {
		put_cursors(findings->cursors, metrics);
		put_deployments(findings->deployments, metrics);
		put_late(findings->late, metrics);
		bool any = pg_rows(findings->audit) > 0;
		metrics_gauge(metrics, "parley_audit_head_sequence",
		        "Number of the newest entry of the audit.", any ? pg_f64(findings->audit, 0, 0) : 0);
		metrics_gauge(metrics, "parley_audit_head_time_seconds",
		        "When it was written, in Unix time; 0: there is none.",
		        any ? seconds(pg_time(findings->audit, 0, 1)) : 0);
	}
	pthread_mutex_unlock(&exposition->lock);
}

static void put_pools(const Services *services, Metrics *metrics)
{
	const Str names[] = {STR("design"), STR("ingest")};
	PgPoolStatus pools[ARRAY_COUNT(names)];
	store_pool(services->store, &pools[0]);
	store_pool(services->ingest, &pools[1]);
	metrics_family(metrics, METRIC_GAUGE, "parley_database_pool_connections",
	        "Database connections: in use, idle, and at most.");
	for (size_t i = 0; i < ARRAY_COUNT(pools); i++) {
		const struct {
			Str state;
			size_t count;
		} rows[] = {{STR("used"), pools[i].taken}, {STR("idle"), pools[i].idle},
		        {STR("limit"), pools[i].size}};
		for (size_t r = 0; r < ARRAY_COUNT(rows); r++)
			metrics_sample(metrics, (double)rows[r].count,
			        METRIC_LABELS({"pool", names[i]}, {"state", rows[r].state}));
	}
	metrics_family(metrics, METRIC_COUNTER, "parley_database_pool_waits_total",
	        "Times that all connections were in use, and a call had to wait for one.");
	for (size_t i = 0; i < ARRAY_COUNT(pools); i++)
		metrics_sample(metrics, (double)pools[i].waits, METRIC_LABELS({"pool", names[i]}));
	metrics_family(metrics, METRIC_COUNTER, "parley_database_pool_timeouts_total",
	        "Times that it waited in vain.");
	for (size_t i = 0; i < ARRAY_COUNT(pools); i++)
		metrics_sample(metrics, (double)pools[i].timeouts, METRIC_LABELS({"pool", names[i]}));
}

static Err write_text(Exposition *exposition, Arena *arena, Str *ret)
{
	const ExpositionParts *parts = &exposition->parts;
	Metrics *metrics = metrics_new(arena);
	if (!metrics)
		return err(ERR_NO_MEMORY, "no memory for the metrics");
	metrics_process(metrics, "parley-design");
	rpc_server_metrics(parts->rpc, metrics);
	metrics_gauge(metrics, "parley_database_up",
	        "1 if the database is there and has this program's schema.",
	        __atomic_load_n(parts->ready, __ATOMIC_RELAXED));
	put_pools(parts->services, metrics);
	history_metrics(metrics);
	rollouts_metrics(parts->rollouts, metrics);
	tracer_metrics(parts->services->tracer, metrics);
	retention_metrics(parts->retention, metrics);
	put_findings(exposition, metrics);
	return metrics_text(metrics, ret);
}

void exposition_tell(void *context, HttpRequest *request)
{
	Str text;
	if (write_text(context, http_arena(request), &text) == OK)
		http_answer(request, &(HttpResponse){.status = 200, .type = METRICS_TYPE, .body = text});
	else
		http_answer_text(request, 503, "no memory for the metrics: ask again\n");
}

// --- its life ---

Exposition *exposition_new(const ExpositionParts *parts)
{
	Exposition *exposition = calloc(1, sizeof(*exposition));
	if (!exposition)
		return NULL;
	exposition->parts = *parts;
	pthread_mutex_init(&exposition->lock, NULL);
	return exposition;
}

void exposition_free(Exposition *exposition)
{
	if (!exposition)
		return;
	findings_free(&exposition->findings);
	pthread_mutex_destroy(&exposition->lock);
	free(exposition);
}
