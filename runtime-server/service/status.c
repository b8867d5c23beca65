// getStatus: what this server runs, how every version fares, and why it is not as it should be.
#include "service/status.h"

#include "service/map.h"
#include "wire/timestamp.h"

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
}

static Err map_time(int64_t us, Arena *arena, Google__Protobuf__Timestamp **ret)
{
	if (us <= 0)
		return OK;
	*ret = wire_timestamp(us, arena);
	return *ret != NULL ? OK : no_memory();
}

static Err map_hex(const CurrentVersion *version, Arena *arena, char **ret)
{
	if (version->version == 0)
		return OK;
	*ret = arena_alloc(arena, 2 * sizeof version->manifest.bytes + 1);
	if (*ret == NULL)
		return no_memory();
	digest_hex(&version->manifest, *ret);
	return OK;
}

// --- figures ---

static Err map_sums(const FigureSums *sums, Arena *arena, VersionFigures *out)
{
	out->version = sums->version;
	out->epoch = sums->epoch;
	out->calls = sums->calls;
	out->errors = sums->counts[FIGURE_ERRORS];
	out->late = sums->counts[FIGURE_LATE];
	out->recommendations = sums->counts[FIGURE_RECOMMENDATIONS];
	out->contacts = sums->counts[FIGURE_CONTACTS];
	out->accepts = sums->counts[FIGURE_ACCEPTS];
	out->latency = ARENA_ARRAY(arena, uint64_t, FIGURES_LATENCIES);
	if (out->latency == NULL)
		return no_memory();
	out->n_latency = FIGURES_LATENCIES;
	memcpy(out->latency, sums->latency, sizeof sums->latency);
	return OK;
}

static Err map_figures(const CurrentStatus *status, Arena *arena, ChannelStatus *out)
{
	out->figures = message_list(arena, MESSAGE_OF(version_figures), ARRAY_COUNT(status->figures));
	if (out->figures == NULL)
		return no_memory();
	for (size_t i = 0; i < ARRAY_COUNT(status->figures); i++)
		if (status->figures[i].version != 0)
			TRY(map_sums(&status->figures[i], arena, out->figures[out->n_figures++]));
	return OK;
}

// --- a channel ---

static Err map_stable(const CurrentStatus *status, Arena *arena, ChannelStatus *out)
{
	const CurrentVersion *stable = &status->stable;
	if (stable->version == 0)
		return OK;
	TRY(map_current_version(status->channel, stable, arena, &out->snapshot));
	TRY(map_hex(stable, arena, &out->manifest));
	TRY(map_time(stable->since_us, arena, &out->since));
	out->epoch = stable->epoch;
	return map_time(stable->expires_us, arena, &out->expire_time);
}

static Err map_candidate(const CurrentStatus *status, Arena *arena, ChannelStatus *out)
{
	const CurrentVersion *candidate = &status->candidate;
	if (candidate->version == 0)
		return OK;
	out->candidate_permille = status->permille;
	TRY(map_current_version(status->channel, candidate, arena, &out->candidate));
	TRY(map_hex(candidate, arena, &out->candidate_manifest));
	return map_time(candidate->since_us, arena, &out->candidate_since);
}

static Err map_channel(const CurrentStatus *status, Arena *arena, ChannelStatus *out)
{
	out->channel = (char *)status->channel.ptr;
	out->accepted_version = status->accepted.version;
	out->accepted_epoch = status->accepted.epoch;
	out->undeployed = status->undeployed;
	out->state_lost = status->state_lost;
	out->current_version = status->current;
	TRY(map_stable(status, arena, out));
	TRY(map_candidate(status, arena, out));
	TRY(map_hex(&status->accepted, arena, &out->accepted_manifest));
	TRY(map_figures(status, arena, out));
	if (status->last_error[0] == '\0')
		return OK;
	out->last_error = arena_cstr(arena, str(status->last_error));
	return out->last_error != NULL ? map_time(status->last_error_us, arena, &out->last_error_at)
	                               : no_memory();
}

Err status_channel(Current *current, Str channel, Arena *arena, ChannelStatus **ret)
{
	CurrentStatus *status = ARENA_NEW(arena, CurrentStatus);
	*ret = message_new(arena, MESSAGE_OF(channel_status));
	if (status == NULL || *ret == NULL)
		return no_memory();
	for (size_t i = 0; i < current_count(current); i++) {
		current_status(current, i, status);
		if (str_eq(status->channel, channel))
			return map_channel(status, arena, *ret);
	}
	return OK;
}

static Err list_channels(Current *current, Arena *arena, GetStatusResponse *out)
{
	size_t count = current_count(current);
	CurrentStatus *status = ARENA_NEW(arena, CurrentStatus);
	if (count == 0)
		return OK;
	out->channels = message_list(arena, MESSAGE_OF(channel_status), count);
	if (out->channels == NULL || status == NULL)
		return no_memory();
	out->n_channels = count;
	for (size_t i = 0; i < count; i++) {
		current_status(current, i, status);
		TRY(map_channel(status, arena, out->channels[i]));
	}
	return OK;
}

// --- the server ---

static Err map_trust(Current *current, Arena *arena, GetStatusResponse *out)
{
	CurrentTrust trust;
	current_trust(current, &trust);
	out->root_version = trust.root;
	out->timestamp_version = trust.timestamp;
	TRY(map_time(trust.timestamp_expires_us, arena, &out->timestamp_expire_time));
	return current_degraded(current, arena, &out->degraded, &out->n_degraded);
}

static Err map_visitors(Visitors *visitors, Arena *arena, Parley__Runtime__V1__VisitorStatus **ret)
{
	VisitorsStatus status;
	visitors_status(visitors, &status);
	*ret = message_new(arena, MESSAGE_OF(visitor_status));
	char *error = arena_cstr(arena, str(status.checkpoint_error.message));
	if (*ret == NULL || error == NULL)
		return no_memory();
	(*ret)->visitors = status.visitors;
	(*ret)->treatments = status.treatments;
	(*ret)->bytes = status.bytes;
	(*ret)->forgotten = status.forgotten;
	(*ret)->dropped_facts = status.dropped_facts;
	(*ret)->unaccounted = status.unaccounted;
	(*ret)->checkpoint_failures = status.checkpoint_failures;
	(*ret)->checkpoint_error = error;
	return map_time(status.checkpoint_us, arena, &(*ret)->checkpoint);
}

void handle_get_status(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Service *service = context;
	Journal *journal = service->options.journal;
	GetStatusResponse out = PARLEY__RUNTIME__V1__GET_STATUS_RESPONSE__INIT;
	(void)request;
	Arena *arena = rpc_arena(call);
	Err e = list_channels(service->options.current, arena, &out);
	if (e == OK)
		e = map_trust(service->options.current, arena, &out);
	if (e == OK)
		e = map_visitors(service->options.visitors, arena, &out.visitor_state);
	if (e != OK) {
		rpc_fail(call, e);
		return;
	}
	out.program_version = (char *)PARLEY_VERSION;
	out.environment = (char *)service->options.environment.ptr;
	out.fleet = (char *)service->options.fleet.ptr;
	out.runtime_id = (char *)service->options.runtime_id.ptr;
	out.incarnation = journal_incarnation(journal);
	out.sessions = session_count(service->sessions);
	out.journal_sequence = journal_durable(journal);
	out.shipped_sequence = journal_shipped_sequence(journal, out.incarnation);
	Google__Protobuf__Duration lag = GOOGLE__PROTOBUF__DURATION__INIT;
	int64_t lag_us = journal_lag_us(journal);
	if (lag_us >= 0) {
		lag.seconds = lag_us / US_PER_S;
		lag.nanos = (int32_t)(lag_us % US_PER_S * 1000);
		out.ship_lag = &lag;
	}
	rpc_reply(call, &out.base);
}
