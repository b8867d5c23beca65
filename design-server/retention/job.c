// The thread. Removing is never urgent: after each batch it rests as long as the batch took, so that at most
// half of one connection's time is its.
#include "config.h"
#include "retention/internal.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { AWAY_S = 10, DAYS_A_MONTH = 28 };

// --- waiting ---

// False once it is to stop.
static bool rest(Retention *retention, int64_t us)
{
	int64_t until_us = monotonic_us() + us;
	const struct timespec until = {.tv_sec = until_us / US_PER_S, .tv_nsec = until_us % US_PER_S * 1000};
	pthread_mutex_lock(&retention->lock);
	while (!retention->stop && monotonic_us() < until_us)
		pthread_cond_timedwait(&retention->changed, &retention->lock, &until);
	bool on = !retention->stop;
	pthread_mutex_unlock(&retention->lock);
	return on;
}

static bool rest_after_batch(void *retention, int64_t spent_us)
{
	return rest(retention, spent_us);
}

// --- rounds ---

static void tell_removed(const RetentionSweep *sweep)
{
	for (size_t i = 0; i < sweep->count; i++) {
		const RetentionTable *table = sweep->tables[i];
		if (table->gone_rows || table->n_gone_months)
			log_info("retention: what was too old was removed", F_CSTR("table", table->name),
			        F_UINT("rows", table->gone_rows), F_UINT("months", table->n_gone_months));
	}
}

static Err sweep_once(Retention *retention, Arena *arena)
{
	const Services *services = retention->services;
	RetentionSweep sweep = {.store = services->store,
	        .environments = retention->environments,
	        .actor = STR("parley-design"),
	        .now_us = clock_now_us(services->clock),
	        .pause = rest_after_batch,
	        .context = retention,
	        .arena = arena};
	TRY(retention_configure(services->store, services->config, sweep.now_us));
	if (!services->config->retention.apply)
		return OK;
	Err e = retention_sweep(&sweep);
	tell_removed(&sweep);
	retention_count(retention, &sweep);
	return e;
}

// A database that is away is the watch's to tell.
static void tell_failure(Retention *retention, Err e, Err *last)
{
	if (e != *last && e != OK && e != ERR_DB_UNAVAILABLE)
		log_failure(LOG_WARN, "retention could not be applied");
	*last = e;
	pthread_mutex_lock(&retention->lock);
	retention->failures += e != OK;
	pthread_mutex_unlock(&retention->lock);
}

static void *run(void *context)
{
	Retention *retention = context;
	int64_t every_us = retention->services->config->retention.every_us, pause_us = 0;
	Err last = OK;
	while (rest(retention, pause_us)) {
		CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 0);
		Err e = arena ? sweep_once(retention, arena) : retention_no_memory();
		tell_failure(retention, e, &last);
		pause_us = e == OK || every_us < AWAY_S * US_PER_S ? every_us : AWAY_S * US_PER_S;
	}
	return NULL;
}

// --- figures ---

void retention_count(Retention *retention, const RetentionSweep *sweep)
{
	if (sweep->rehearse)
		return;
	pthread_mutex_lock(&retention->lock);
	retention->sweeps++;
	if (sweep->complete)
		retention->complete_us = sweep->now_us;
	for (size_t i = 0; i < sweep->count && i < RETENTION_TABLES_MAX; i++) {
		Removed *removed = &retention->removed[i];
		snprintf(removed->table, sizeof removed->table, "%s", sweep->tables[i]->name);
		removed->rows += sweep->tables[i]->gone_rows;
		removed->months += sweep->tables[i]->n_gone_months;
		removed->held = *sweep->tables[i]->held;
		retention->removed_count = i + 1;
	}
	pthread_mutex_unlock(&retention->lock);
}

static double rows_of(const Removed *removed)
{
	return (double)removed->rows;
}

static double months_of(const Removed *removed)
{
	return (double)removed->months;
}

static double held_of(const Removed *removed)
{
	return removed->held;
}

static const struct {
	double (*figure)(const Removed *removed);
	MetricKind kind;
	const char *name, *help;
} families[] = {
        {rows_of, METRIC_COUNTER, "parley_retention_removed_rows_total",
                "Rows that were removed because they were too old; of months about."},
        {months_of, METRIC_COUNTER, "parley_retention_removed_months_total",
                "Months of the history that were removed as a whole."},
        {held_of, METRIC_GAUGE, "parley_retention_held",
                "1 if something keeps what is too old from going: parley retention show tells what."},
};

void retention_metrics(Retention *retention, Metrics *metrics)
{
	pthread_mutex_lock(&retention->lock);
	metrics_gauge(metrics, "parley_retention_complete_time_seconds",
	        "When this process had last removed all that was too old, in Unix time; 0: never.",
	        (double)retention->complete_us / (double)US_PER_S);
	metrics_counter(metrics, "parley_retention_sweeps_total", "Times that it removed what was too old.",
	        retention->sweeps);
	metrics_counter(
	        metrics, "parley_retention_failures_total", "Times that it failed.", retention->failures);
	for (size_t f = 0; f < ARRAY_COUNT(families); f++) {
		metrics_family(metrics, families[f].kind, families[f].name, families[f].help);
		for (size_t i = 0; i < retention->removed_count; i++)
			metrics_sample(metrics, families[f].figure(&retention->removed[i]),
			        METRIC_LABELS({"table", str(retention->removed[i].table)}));
	}
	pthread_mutex_unlock(&retention->lock);
}

// --- its life ---

// Responses are matched to contacts: these must be there as long as a response may come.
static Err check_windows(const DesignConfig *config, const Environments *environments)
{
	int64_t months = config->retention.contact_months;
	for (size_t i = 0; i < environments->count; i++) {
		int64_t days = environments->items[i].responses.window_us / (86400 * US_PER_S);
		if (days > months * DAYS_A_MONTH)
			return err(ERR_CONFIG_INVALID,
			        "retention: contact_months is %lld, but " STR_FMT
			        " takes responses up to %lld days after the contact (responses.window): "
			        "keep contacts at least %lld months",
			        (long long)months, STR_ARG(environments->items[i].name), (long long)days,
			        (long long)(days / DAYS_A_MONTH + 1));
	}
	return OK;
}

static void init_locks(Retention *retention)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&retention->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&retention->lock, NULL);
}

Err retention_new(const Services *services, const Environments *environments, Retention **ret)
{
	TRY(check_windows(services->config, environments));
	Retention *retention = calloc(1, sizeof *retention);
	if (!retention)
		return err(ERR_NO_MEMORY, "no memory for retention");
	retention->services = services;
	retention->environments = environments;
	init_locks(retention);
	retention->started = pthread_create(&retention->thread, NULL, run, retention) == 0;
	if (retention->started) {
		*ret = retention;
		return OK;
	}
	retention_free(retention);
	return err(ERR_NO_MEMORY, "no thread for retention");
}

void retention_free(Retention *retention)
{
	if (!retention)
		return;
	pthread_mutex_lock(&retention->lock);
	retention->stop = true;
	pthread_cond_signal(&retention->changed);
	pthread_mutex_unlock(&retention->lock);
	if (retention->started)
		pthread_join(retention->thread, NULL);
	pthread_cond_destroy(&retention->changed);
	pthread_mutex_destroy(&retention->lock);
	free(retention);
}
