// What a pass found at each server, in PostgreSQL: a row a server, written when something of it has changed,
// and every few seconds.
#include "rollout/internal.h"

#include <stdio.h>

static int64_t time_of(const Google__Protobuf__Timestamp *time)
{
	return time ? time->seconds * US_PER_S + time->nanos / 1000 : 0;
}

// What there is to say of a server that answered. An older refusal is no error of one that runs what it
// should.
static void judge(const Line *line, const ChannelStatus *channel, const Report *report, size_t index,
        char error[REFUSAL_MAX])
{
	bool fine = line->has_stable && channel_serves(channel, &line->stable);
	if (report->refusals[index][0])
		snprintf(error, REFUSAL_MAX, "%s", report->refusals[index]);
	else if (report->error[0])
		snprintf(error, REFUSAL_MAX, "%s", report->error);
	else if (fine)
		error[0] = '\0';
	else if (channel && *channel->last_error)
		snprintf(error, REFUSAL_MAX, "%s", channel->last_error);
	else
		snprintf(error, REFUSAL_MAX, "it is being brought up");
}

static Err put_away(Pg *pg, const Line *line, const EnvironmentServer *server, const Report *report)
{
	return SQL_RUN(pg, NULL, rollout_server_away, P_I64(line->newest.id), P_TEXT(server->name),
	        P_TEXT(server->address), P_CTEXT(report ? report->error : "it has not been asked yet"),
	        P_I64((int64_t)line->stable.version));
}

Err record_server(Pg *pg, const Plan *plan, const Line *line, const EnvironmentServer *server,
        const Report *report, size_t index, bool urgent)
{
	if (!report || !report->status || index >= report->count)
		return put_away(pg, line, server, report);
	const ServerStatus *status = report->status;
	const ChannelStatus *channel = status_channel(status, line->channel);
	const Parley__Runtime__V1__SnapshotVersion *runs = channel ? channel->snapshot : NULL,
	                                           *candidate = channel ? channel->candidate : NULL;
	char error[REFUSAL_MAX];
	judge(line, channel, report, index, error);
	Str *degraded = ARENA_ARRAY(plan->arena, Str, status->n_degraded);
	if (!degraded)
		return rollout_no_memory();
	for (size_t i = 0; i < status->n_degraded; i++)
		degraded[i] = str(status->degraded[i]);
	int64_t since = time_of(channel ? channel->since : NULL);
	int64_t lag = (int64_t)(status->journal_sequence - status->shipped_sequence);
	const Google__Protobuf__Duration *behind = status->ship_lag;
	int64_t shipped = behind ? report->seen_us - behind->seconds * US_PER_S - behind->nanos / 1000 : 0;
	return SQL_RUN(pg, NULL, rollout_server_put, P_I64(line->newest.id), P_TEXT(server->name),
	        P_TEXT(server->address), P_I64(runs ? (int64_t)runs->version : 0),
	        P_CTEXT(runs ? runs->digest : ""), P_TIME(report->seen_us), P_CTEXT(error),
	        P_BOOL(line->kept && channel_serves(channel, &line->newest)),
	        P_I64((int64_t)line->stable.version), since ? P_TIME(since) : P_NULL,
	        P_I64(candidate ? (int64_t)candidate->version : 0),
	        P_I64(candidate ? (int64_t)channel->candidate_permille : 0), P_I64((int64_t)status->sessions),
	        P_I64(lag > 0 ? lag : 0), P_TEXTS(degraded, status->n_degraded),
	        P_I64((int64_t)status->root_version), P_I64((int64_t)status->timestamp_version),
	        P_BOOL(urgent), shipped > 0 ? P_TIME(shipped) : P_NULL);
}

Err record_all_run(Pg *pg, const Plan *plan, const Line *line, bool *ret)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	size_t count = plan->environment->servers.count;
	Str *names = ARENA_ARRAY(plan->arena, Str, count);
	if (!names)
		return rollout_no_memory();
	for (size_t i = 0; i < count; i++)
		names[i] = environment_server(plan->environment, i)->name;
	TRY(SQL_RUN(pg, &result, rollout_running, P_I64(line->newest.id), P_TEXTS(names, count)));
	*ret = pg_i64(result, 0, 0) == (int64_t)count;
	return OK;
}
