// One runtime server: what it runs, and what it lacks. Manifests go to it in their order; those between what
// it has and what it should serve go as candidates for nobody, so that they never serve.
#include "rollout/talk.h"

#include <stdio.h>

// --- what it runs ---

const ChannelStatus *status_channel(const ServerStatus *status, Str channel)
{
	for (size_t i = 0; status && i < status->n_channels; i++) {
		const ChannelStatus *found = status->channels[i];
		if (str_eq(str(found->channel), channel) ||
		        (found->snapshot && str_eq(str(found->snapshot->channel), channel)))
			return found;
	}
	return NULL;
}

static bool is_manifest(const char *hex, const Link *link)
{
	char manifest[65];
	digest_hex(&link->manifest, manifest);
	return strcmp(hex, manifest) == 0;
}

bool channel_serves(const ChannelStatus *channel, const Link *link)
{
	if (!channel)
		return false;
	if (link->undeploy)
		return channel->undeployed && is_manifest(channel->accepted_manifest, link);
	return channel->snapshot && is_manifest(channel->manifest, link);
}

bool channel_tries(const ChannelStatus *channel, const Link *link)
{
	return channel && channel->candidate && is_manifest(channel->candidate_manifest, link);
}

// --- the chain of manifests ---

typedef struct Chain {
	const Plan *plan;
	const Line *line;
	uint64_t epoch, version; // from here on
	Arena *arena;
	Link *links;
	size_t count;
} Chain;

static Err read_chain(Pg *pg, void *context)
{
	Chain *chain = context;
	const Line *line = chain->line;
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(SQL_RUN(pg, &result, rollout_chain, P_TEXT(chain->plan->environment->name), P_TEXT(line->channel),
	        P_I64((int64_t)chain->epoch), P_I64((int64_t)chain->version),
	        P_I64((int64_t)line->newest.epoch), P_I64((int64_t)line->newest.version)));
	chain->count = pg_rows(result);
	chain->links = ARENA_ARRAY(chain->arena, Link, chain->count);
	if (!chain->links)
		return rollout_no_memory();
	for (size_t i = 0; i < chain->count; i++) {
		Link *link = &chain->links[i];
		Str manifest = pg_bytes(result, i, 3, chain->arena),
		    blob = pg_bytes(result, i, 4, chain->arena);
		memcpy(link->manifest.bytes, manifest.ptr, manifest.len < 32 ? manifest.len : 32);
		if (blob.len)
			memcpy(link->blob.bytes, blob.ptr, blob.len < 32 ? blob.len : 32);
		link->id = pg_i64(result, i, 0);
		link->epoch = (uint64_t)pg_i64(result, i, 1);
		link->version = (uint64_t)pg_i64(result, i, 2);
		link->length = (uint64_t)pg_i64(result, i, 5);
		link->undeploy = pg_bool(result, i, 6);
		link->envelope = pg_bytes(result, i, 7, chain->arena);
		link->trace = pg_is_null(result, i, 8) ? STR("") : pg_bytes(result, i, 8, chain->arena);
	}
	return OK;
}

static bool is_before(uint64_t epoch, uint64_t version, const Link *link)
{
	return epoch < link->epoch || (epoch == link->epoch && version < link->version);
}

// Where the chain begins for a server. One that has nothing takes any version, so it begins with what it
// should serve; one that stands in an older epoch begins with the first of the newer one.
static void chain_begin(Chain *chain, const ChannelStatus *channel)
{
	const Line *line = chain->line;
	const Link *first = line->has_stable ? &line->stable : &line->newest;
	chain->epoch = first->epoch;
	chain->version = first->version;
	if (!channel || !channel->accepted_version)
		return;
	chain->version = 1;
	if (channel->accepted_epoch >= first->epoch) {
		chain->epoch = channel->accepted_epoch;
		chain->version = channel->accepted_version + 1;
	}
}

static bool is_same(const Link *a, const Link *b)
{
	return a->id == b->id;
}

static Err send_chain(Talk *talk, const Line *line, const ChannelStatus *channel, uint32_t permille)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	if (!arena)
		return rollout_no_memory();
	Chain chain = {.plan = talk->plan, .line = line, .arena = arena};
	chain_begin(&chain, channel);
	TRY(store_read(talk->worker->fleet->rollouts->services->store, read_chain, &chain));
	for (size_t i = 0; i < chain.count; i++) {
		const Link *link = &chain.links[i];
		bool stable = line->has_stable && is_same(link, &line->stable);
		Err e = talk_activate(talk, link, !stable, is_same(link, &line->newest) ? permille : 0);
		if (e)
			return err_context(e, "version %llu", (unsigned long long)link->version);
	}
	return OK;
}

// --- one channel ---

// Taken once, and not serving: it is sent again, which the server takes for what it is.
static Err send_again(Talk *talk, const Line *line, const Link *link, bool candidate, uint32_t permille)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	if (!arena)
		return rollout_no_memory();
	const Line one = {.channel = line->channel, .newest = *link};
	Chain chain = {.plan = talk->plan,
	        .line = &one,
	        .epoch = link->epoch,
	        .version = link->version,
	        .arena = arena};
	TRY(store_read(talk->worker->fleet->rollouts->services->store, read_chain, &chain));
	return chain.count ? talk_activate(talk, chain.links, candidate, permille) : OK;
}

static Err settle_stable(Talk *talk, const Line *line, const ChannelStatus *channel)
{
	char manifest[65];
	digest_hex(&line->stable.manifest, manifest);
	if (!line->has_stable || channel_serves(channel, &line->stable))
		return OK;
	if (channel_tries(channel, &line->stable))
		return talk_steer(
		        talk, line, manifest, PARLEY__RUNTIME__V1__STEER_ACTION__STEER_ACTION_KEEP, 0);
	if (channel &&
	        is_before(line->stable.epoch, line->stable.version,
	                &(Link){.epoch = channel->accepted_epoch, .version = channel->accepted_version}))
		return err(ERR_MANIFEST_VERSION,
		        "it has taken version %llu and does not run version %llu, which it should: deploy "
		        "anew",
		        (unsigned long long)channel->accepted_version,
		        (unsigned long long)line->stable.version);
	return send_again(talk, line, &line->stable, false, 0);
}

static Err settle_candidate(Talk *talk, const Line *line, const ChannelStatus *channel, uint32_t permille)
{
	const Parley__Runtime__V1__SteerAction share = PARLEY__RUNTIME__V1__STEER_ACTION__STEER_ACTION_SHARE,
	                                       give_back =
	                                               PARLEY__RUNTIME__V1__STEER_ACTION__STEER_ACTION_RETURN;
	if (!channel)
		return OK;
	bool tries = channel_tries(channel, &line->newest);
	if (line->active && !tries)
		return send_again(talk, line, &line->newest, true, permille);
	if (tries && line->active)
		return channel->candidate_permille == permille
		               ? OK
		               : talk_steer(talk, line, channel->candidate_manifest, share, permille);
	if (!channel->candidate)
		return OK;
	return talk_steer(talk, line, channel->candidate_manifest, give_back, 0);
}

static bool is_settled(const Talk *talk, const Line *line, uint32_t permille)
{
	const ChannelStatus *channel = status_channel(talk->report->status, line->channel);
	if (!channel || is_before(channel->accepted_epoch, channel->accepted_version, &line->newest))
		return false;
	if (line->has_stable && !channel_serves(channel, &line->stable))
		return false;
	if (!line->active)
		return !channel->candidate;
	return channel_tries(channel, &line->newest) && channel->candidate_permille == permille;
}

static Err sync_line(Talk *talk, const Line *line)
{
	uint32_t permille = line_permille(talk->plan->environment, line, talk->worker->server);
	const ChannelStatus *channel = status_channel(talk->report->status, line->channel);
	if (channel && channel->state_lost)
		return err(ERR_STATE_CORRUPT, "it has lost what it knew of this channel: give it a floor "
		                              "signed by holders of root keys");
	if (is_settled(talk, line, permille))
		return OK;
	bool lacks = !channel || is_before(channel->accepted_epoch, channel->accepted_version, &line->newest);
	if (lacks)
		TRY(send_chain(talk, line, channel, permille));
	TRY(talk_ask(talk));
	TRY(settle_stable(talk, line, status_channel(talk->report->status, line->channel)));
	if (talk->changed)
		TRY(talk_ask(talk));
	return settle_candidate(talk, line, status_channel(talk->report->status, line->channel), permille);
}

static void refuse(char refusal[REFUSAL_MAX], Err e)
{
	snprintf(refusal, REFUSAL_MAX, "%s: %s", err_reason(e), err_detail()->message);
}

// --- the whole ---

// No more than so many servers of an environment are sent something at a time.
static void sending_begin(Fleet *fleet)
{
	Rollouts *rollouts = fleet->rollouts;
	pthread_mutex_lock(&rollouts->lock);
	while (fleet->sending >= (size_t)fleet->environment->limits.servers_at_once)
		pthread_cond_wait(&rollouts->changed, &rollouts->lock);
	fleet->sending++;
	pthread_mutex_unlock(&rollouts->lock);
}

static void sending_end(Fleet *fleet)
{
	Rollouts *rollouts = fleet->rollouts;
	pthread_mutex_lock(&rollouts->lock);
	fleet->sending--;
	pthread_cond_broadcast(&rollouts->changed);
	pthread_mutex_unlock(&rollouts->lock);
}

static bool has_work(const Talk *talk)
{
	for (size_t i = 0; i < talk->plan->count; i++) {
		const Line *line = &talk->plan->lines[i];
		if (!is_settled(
		            talk, line, line_permille(talk->plan->environment, line, talk->worker->server)))
			return true;
	}
	return false;
}

static void sync_lines(Talk *talk)
{
	if (!has_work(talk))
		return;
	sending_begin(talk->worker->fleet);
	for (size_t i = 0; i < talk->plan->count; i++) {
		Err e = sync_line(talk, &talk->plan->lines[i]);
		if (e)
			refuse(talk->report->refusals[i], e);
	}
	sending_end(talk->worker->fleet);
}

// It has no say in roll-outs: a server that refuses it, as an older one does, is otherwise fine.
static void send_effects(const Talk *talk)
{
	Worker *worker = talk->worker;
	bool failed = effects_send(talk) != OK;
	if (failed && !worker->effects_failed)
		log_failure(LOG_WARN, "a runtime server cannot be told what visitors did elsewhere");
	worker->effects_failed = failed;
}

static Err converse(Talk *talk)
{
	TRY(talk_connect(talk->worker, talk->report->arena));
	TRY(talk_ask(talk));
	Err roots = talk_send_roots(talk);
	if (roots)
		refuse(talk->report->error, roots);
	sync_lines(talk);
	Err timestamp = talk_send_timestamp(talk);
	if (timestamp && !roots)
		refuse(talk->report->error, timestamp);
	send_effects(talk);
	return talk->changed ? talk_ask(talk) : OK;
}

void server_round(Worker *worker, const Plan *plan, Report *report)
{
	Talk talk = {.worker = worker, .plan = plan, .report = report};
	Err e = converse(&talk);
	if (!e)
		return;
	refuse(report->error, e);
	report->status = NULL;
	// A new connection next time: one that was away is not held against a server that is back.
	rpc_client_free(worker->client);
	worker->client = NULL;
}
