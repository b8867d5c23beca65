// What the controller knows of the servers, as Prometheus reads it: only while this process leads, since
// another one knows better otherwise.
#include "metrics/metrics.h"

#include "rollout/internal.h"

typedef double (*ServerFigure)(const Report *report);

static double server_up(const Report *report)
{
	return report->status != NULL;
}

static double server_behind(const Report *report)
{
	const ServerStatus *status = report->status;
	return status->journal_sequence > status->shipped_sequence
	               ? (double)(status->journal_sequence - status->shipped_sequence)
	               : 0;
}

static double server_shipped_time(const Report *report)
{
	const Google__Protobuf__Duration *lag = report->status->ship_lag;
	return lag ? (double)report->seen_us / (double)US_PER_S - (double)lag->seconds - lag->nanos / 1e9 : 0;
}

static double server_sessions(const Report *report)
{
	return (double)report->status->sessions;
}

static double server_degraded(const Report *report)
{
	return (double)report->status->n_degraded;
}

static double server_timestamp_expiry(const Report *report)
{
	const Google__Protobuf__Timestamp *expiry = report->status->timestamp_expire_time;
	return expiry ? (double)expiry->seconds + expiry->nanos / 1e9 : 0;
}

// The lock is held.
static void put_fleet(const Fleet *fleet, Metrics *metrics, ServerFigure figure)
{
	for (size_t i = 0; i < fleet->environment->servers.count; i++) {
		const Worker *worker = &fleet->workers[i];
		if (worker->report && (worker->report->status || figure == server_up))
			metrics_sample(metrics, figure(worker->report),
			        METRIC_LABELS({"environment", fleet->environment->name},
			                {"server", worker->server->name}));
	}
}

static const struct {
	ServerFigure figure;
	const char *name, *help;
} rows[] = {
        {server_up, "parley_server_up", "1 if the runtime server answered when it was last asked."},
        {server_behind, "parley_server_behind_records",
                "Records durable at the runtime server and not yet committed here."},
        {server_shipped_time, "parley_server_shipped_time_seconds",
                "Up to when everything that it recorded is committed here, in Unix time; 0: not known."},
        {server_sessions, "parley_server_sessions", "Its open sessions."},
        {server_degraded, "parley_server_degraded_reasons",
                "Reasons why it calls itself degraded; parley rollout status tells them."},
        {server_timestamp_expiry, "parley_server_timestamp_expiry_time_seconds",
                "When its newest timestamp ends, in Unix time; 0: it has none."},
};

void rollouts_metrics(Rollouts *rollouts, Metrics *metrics)
{
	pthread_mutex_lock(&rollouts->lock);
	metrics_gauge(metrics, "parley_rollouts_leading", "1 if this process moves deployments on.",
	        rollouts->leads);
	for (size_t r = 0; r < ARRAY_COUNT(rows); r++) {
		metrics_family(metrics, METRIC_GAUGE, rows[r].name, rows[r].help);
		for (size_t i = 0; rollouts->leads && i < rollouts->environments->count; i++)
			put_fleet(&rollouts->fleets[i], metrics, rows[r].figure);
	}
	pthread_mutex_unlock(&rollouts->lock);
}
