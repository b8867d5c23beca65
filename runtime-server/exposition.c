#include "exposition.h"

#include "metrics/metrics.h"
#include "service/advisory.h"

#include <stdio.h>

static double seconds(int64_t us)
{
	return (double)us / (double)US_PER_S;
}

// --- what serves ---

enum { VERSION_SIZE = 24 };

// The channels as they stand now, so that all families tell of the same moment.
typedef struct Channels {
	CurrentStatus *items;
	size_t count;
} Channels;

static Err read_channels(Current *current, Arena *arena, Channels *ret)
{
	*ret = (Channels){.count = current_count(current)};
	ret->items = ARENA_ARRAY(arena, CurrentStatus, ret->count + 1);
	if (ret->items == NULL)
		return err(ERR_NO_MEMORY, "no memory for the metrics");
	for (size_t i = 0; i < ret->count; i++)
		current_status(current, i, &ret->items[i]);
	return OK;
}

typedef double (*VersionFigure)(const CurrentVersion *version);

static double version_number(const CurrentVersion *version)
{
	return (double)version->version;
}

static double version_since(const CurrentVersion *version)
{
	return seconds(version->since_us);
}

static double version_expiry(const CurrentVersion *version)
{
	return seconds(version->expires_us);
}

// By channel, of what serves as the stable one and of the candidate.
static void put_versions(
        const Channels *channels, Metrics *metrics, const char *name, const char *help, VersionFigure figure)
{
	metrics_family(metrics, METRIC_GAUGE, name, help);
	for (size_t i = 0; i < channels->count; i++) {
		const CurrentStatus *status = &channels->items[i];
		const CurrentVersion *both[] = {&status->stable, &status->candidate};
		const Str slots[] = {STR("stable"), STR("candidate")};
		for (size_t s = 0; s < ARRAY_COUNT(both); s++)
			if (both[s]->version != 0)
				metrics_sample(metrics, figure(both[s]),
				        METRIC_LABELS({"channel", status->channel}, {"slot", slots[s]}));
	}
}

typedef double (*ChannelFigure)(const CurrentStatus *status);

static double channel_share(const CurrentStatus *status)
{
	return status->candidate.version != 0 ? (double)status->permille / CURRENT_SHARE_MAX : 0;
}

static double channel_changes(const CurrentStatus *status)
{
	return (double)status->changes;
}

static double channel_refused(const CurrentStatus *status)
{
	return status->last_error[0] != '\0';
}

static void put_channels(const Channels *channels, Metrics *metrics, MetricKind kind, const char *name,
        const char *help, ChannelFigure figure)
{
	metrics_family(metrics, kind, name, help);
	for (size_t i = 0; i < channels->count; i++)
		metrics_sample(metrics, figure(&channels->items[i]),
		        METRIC_LABELS({"channel", channels->items[i].channel}));
}

static void put_sums(const Channels *channels, Metrics *metrics, Figure figure)
{
	for (size_t i = 0; i < channels->count; i++) {
		for (size_t s = 0; s < ARRAY_COUNT(channels->items[i].figures); s++) {
			const FigureSums *sums = &channels->items[i].figures[s];
			char version[VERSION_SIZE];
			if (sums->version == 0)
				continue;
			snprintf(version, sizeof version, "%llu", (unsigned long long)sums->version);
			metrics_sample(metrics,
			        figure == FIGURE_COUNT ? (double)sums->calls : (double)sums->counts[figure],
			        METRIC_LABELS(
			                {"channel", channels->items[i].channel}, {"snapshot", str(version)}));
		}
	}
}

// By the version that answered: at most two of a channel at a time.
static void put_figures(const Channels *channels, Metrics *metrics)
{
	static const struct {
		Figure figure; // FIGURE_COUNT: calls
		const char *name, *help;
	} rows[] = {
	        {FIGURE_COUNT, "parley_channel_calls_total",
	                "Calls on sessions, by the snapshot that served them."},
	        {FIGURE_ERRORS, "parley_channel_errors_total",
	                "Those that failed through the server's fault."},
	        {FIGURE_LATE, "parley_default_content_total",
	                "Those answered with the default content, for want of time before their deadline."},
	        {FIGURE_RECOMMENDATIONS, "parley_recommendations_total", "Offers that were recommended."},
	        {FIGURE_CONTACTS, "parley_contacts_total", "Contacts that events told of."},
	        {FIGURE_ACCEPTS, "parley_accepts_total", "Accepts that events told of."},
	};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		metrics_family(metrics, METRIC_COUNTER, rows[i].name, rows[i].help);
		put_sums(channels, metrics, rows[i].figure);
	}
}

static void put_snapshots(const Channels *channels, Metrics *metrics)
{
	put_versions(channels, metrics, "parley_snapshot_version", "Version of the snapshot that serves.",
	        version_number);
	put_versions(channels, metrics, "parley_snapshot_serving_since_seconds",
	        "Since when it serves, in Unix time.", version_since);
	put_versions(channels, metrics, "parley_snapshot_expiry_time_seconds",
	        "When it stops serving by itself, in Unix time.", version_expiry);
	put_channels(channels, metrics, METRIC_GAUGE, "parley_snapshot_candidate_share_ratio",
	        "Part of the sessions that the candidate serves; 0 without one.", channel_share);
	put_channels(channels, metrics, METRIC_COUNTER, "parley_snapshot_changes_total",
	        "How often what serves was changed: snapshots, candidates, shares.", channel_changes);
	put_channels(channels, metrics, METRIC_GAUGE, "parley_snapshot_refused",
	        "1 if the last one that came was refused; parley rollout status tells why.", channel_refused);
	put_figures(channels, metrics);
}

static Err put_standing(Current *current, Arena *arena, Metrics *metrics)
{
	CurrentTrust trust;
	char **reasons = NULL;
	size_t count = 0;
	current_trust(current, &trust);
	TRY(current_degraded(current, arena, &reasons, &count));
	metrics_gauge(metrics, "parley_degraded_reasons",
	        "Reasons why the server is not as it should be; parley rollout status tells them.",
	        (double)count);
	metrics_gauge(metrics, "parley_trusted_root_version",
	        "Version of the newest root of the environment.", (double)trust.root);
	metrics_gauge(metrics, "parley_timestamp_version",
	        "Version of the newest timestamp; 0: there is none.", (double)trust.timestamp);
	metrics_gauge(metrics, "parley_timestamp_expiry_time_seconds",
	        "When the newest timestamp ends, in Unix time; 0: there is none.",
	        seconds(trust.timestamp_expires_us));
	return OK;
}

// --- who visits ---

static void put_visitors(const Parts *parts, Metrics *metrics)
{
	VisitorsStatus status;
	visitors_status(parts->visitors, &status);
	metrics_gauge(metrics, "parley_sessions", "Open sessions.", (double)service_sessions(parts->service));
	metrics_gauge(metrics, "parley_sessions_limit", "More are refused.",
	        (double)parts->config->limits.sessions);
	metrics_gauge(metrics, "parley_visitors", "Visitors of whom something is remembered.",
	        (double)status.visitors);
	metrics_gauge(metrics, "parley_visitors_limit", "Beyond, those inactive longest are forgotten.",
	        (double)parts->config->visitors.max);
	metrics_gauge(metrics, "parley_visitors_bytes", "Memory of what is remembered, about.",
	        (double)status.bytes);
	metrics_counter(metrics, "parley_visitors_forgotten_total",
	        "Visitors that others had to make room for.", status.forgotten);
	metrics_counter(metrics, "parley_visitor_facts_dropped_total", "Facts of visitors that had too many.",
	        status.dropped_facts);
	metrics_gauge(metrics, "parley_treatments", "Recommendations that events of any session can quote.",
	        (double)status.treatments);
	metrics_gauge(metrics, "parley_checkpoint_time_seconds",
	        "When the newest checkpoint of visitor state was begun, in Unix time; 0: there is none.",
	        seconds(status.checkpoint_us));
	metrics_gauge(metrics, "parley_checkpoint_bytes", "Its size.", (double)status.checkpoint_bytes);
	metrics_gauge(metrics, "parley_checkpoint_failures", "Checkpoints that failed since one was written.",
	        (double)status.checkpoint_failures);
}

// --- the journal ---

static void put_journal(const Parts *parts, Metrics *metrics)
{
	JournalStatus status;
	uint64_t durable = journal_durable(parts->journal), appended = journal_appended(parts->journal);
	journal_status(parts->journal, &status);
	metrics_gauge(metrics, "parley_journal_incarnation", "This life of the journal.",
	        (double)journal_incarnation(parts->journal));
	metrics_gauge(
	        metrics, "parley_journal_used_bytes", "Records that are here.", (double)status.used_bytes);
	metrics_gauge(metrics, "parley_journal_quota_bytes",
	        "From 70 % of this on events are refused until what is there was shipped.",
	        (double)status.quota_bytes);
	metrics_counter(metrics, "parley_journal_appended_bytes_total", "Records that were appended.",
	        (uint64_t)status.appended_bytes);
	metrics_counter(metrics, "parley_journal_records_total", "Their number.", appended);
	metrics_gauge(metrics, "parley_journal_pending_records", "Records that are not on disk yet.",
	        appended > durable ? (double)(appended - durable) : 0);
	metrics_counter(metrics, "parley_journal_syncs_total",
	        "Times that the disk was made to keep what was written.", status.syncs);
	metrics_family(
	        metrics, METRIC_COUNTER, "parley_journal_sync_seconds_total", "What that took in all.");
	metrics_sample(metrics, seconds(status.sync_us), METRIC_NO_LABELS);
	metrics_gauge(metrics, "parley_journal_quarantined_parts",
	        "Damaged places that were put aside at the start.", (double)status.quarantined_parts);
	metrics_gauge(metrics, "parley_journal_lost_records",
	        "Records that were in them, or in missing files.", (double)status.lost_sequences);
	metrics_gauge(metrics, "parley_journal_torn_bytes",
	        "Cut off behind the last valid record at the start, as after any crash.",
	        (double)status.torn_bytes);
	metrics_gauge(metrics, "parley_journal_disk_full", "1 while records wait for room on the disk.",
	        status.disk_full);
	metrics_gauge(metrics, "parley_journal_poisoned",
	        "1 once the disk failed: nothing is acknowledged any more, and the server stops.",
	        status.poisoned);
}

static void put_shipping(const Parts *parts, Metrics *metrics)
{
	ShipStatus status;
	if (parts->ship == NULL)
		return;
	ship_status(parts->ship, &status);
	metrics_gauge(metrics, "parley_ship_up", "1 if the last call to the design server went well.",
	        status.shipping);
	metrics_gauge(metrics, "parley_ship_behind_records",
	        "Records of this life that the design server has not committed.", (double)status.behind);
	metrics_gauge(metrics, "parley_ship_older_life",
	        "1 while records of an older life are still being shipped.", status.older);
	if (status.lag_us >= 0)
		metrics_gauge(metrics, "parley_ship_lag_seconds",
		        "How long ago everything that was recorded until then was committed at the design "
		        "server; "
		        "absent while that is not known.",
		        seconds(status.lag_us));
	metrics_gauge(metrics, "parley_ship_quiet_seconds", "Since the last call that went well.",
	        seconds(status.quiet_us));
	metrics_counter(metrics, "parley_ship_failures_total", "Calls to the design server that failed.",
	        status.failures);
}

static void put_clicks(const Parts *parts, Metrics *metrics)
{
	ClicksFigures figures;
	if (parts->clicks == NULL)
		return;
	clicks_figures(parts->clicks, &figures);
	const struct {
		Str result;
		uint64_t count;
	} results[] = {{STR("counted"), figures.counted}, {STR("repeated"), figures.repeated},
	        {STR("looked"), figures.looks}, {STR("lost"), figures.lost}, {STR("gone"), figures.gone},
	        {STR("unknown"), figures.unknown}};
	metrics_family(metrics, METRIC_COUNTER, "parley_clicks_total",
	        "Requests for links and source codes, by what became of them.");
	for (size_t i = 0; i < ARRAY_COUNT(results); i++)
		metrics_sample(
		        metrics, (double)results[i].count, METRIC_LABELS({"result", results[i].result}));
	metrics_counter(metrics, "parley_clicks_late_total",
	        "Clicks that were led on before the disk had them.", figures.late);
}

Err exposition_write(const Parts *parts, Arena *arena, Str *ret)
{
	Channels channels;
	Metrics *metrics = metrics_new(arena);
	if (metrics == NULL)
		return err(ERR_NO_MEMORY, "no memory for the metrics");
	TRY(read_channels(parts->current, arena, &channels));
	metrics_process(metrics, "parley-runtime");
	metrics_family(metrics, METRIC_GAUGE, "parley_runtime_info",
	        "Always 1: its labels say which runtime server of which environment this is.");
	metrics_sample(metrics, 1,
	        METRIC_LABELS({"environment", parts->config->environment}, {"fleet", parts->config->fleet},
	                {"runtime", parts->config->runtime_id}));
	rpc_server_metrics(parts->server, metrics);
	put_snapshots(&channels, metrics);
	TRY(put_standing(parts->current, arena, metrics));
	put_visitors(parts, metrics);
	advisories_metrics(metrics);
	put_journal(parts, metrics);
	put_shipping(parts, metrics);
	put_clicks(parts, metrics);
	tracer_metrics(parts->tracer, metrics);
	return metrics_text(metrics, ret);
}
