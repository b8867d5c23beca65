// What is deployed: in the first environment of a line it is built, in a later one it is what the one before
// runs on every server. Content is never built twice.
#include "release/internal.h"

#include "validate/validate.h"

// --- build ---

// Collected and analysed on one view of the database.
static Err collect(Pg *pg, void *context)
{
	Draft *d = context;
	Findings findings;
	const ValidateOptions options = {.as_of_us = d->now_us, .guard_days = VALIDATE_GUARD_DAYS};
	TRY(configuration_collect(pg, d->channel, d->environment->name, d->arena, &d->collected));
	TRY(validate_resources(
	        pg, d->channel, d->collected.items, d->collected.count, &options, d->arena, &findings));
	return findings_check(&findings, d->acknowledged, d->acknowledged_count, d->arena);
}

// The working configuration may well be right: what is wrong is then that something is not marked.
static Err tell_of_marks(const Draft *d, Err e)
{
	if ((e != ERR_FINDINGS_ERROR && e != ERR_COMPILE_FAILED) || !d->collected.mark_count)
		return e;
	return err_context(e,
	        "what " STR_FMT
	        " runs, with only what is marked laid over it (parley marks), is not right; mark "
	        "what it lacks too",
	        STR_ARG(d->environment->name));
}

Err content_build(Draft *d)
{
	Err e = store_read(d->release->services->store, collect, d);
	if (!e)
		e = configuration_compile(&d->collected, d->arena, &d->blob);
	if (e)
		return tell_of_marks(d, e);
	if (d->blob.len > (size_t)d->environment->limits.max_snapshot)
		return err(ERR_LIMIT,
		        "the snapshot of " STR_FMT " has %zu bytes, and " STR_FMT
		        " takes at most %lld: make the channel smaller, or raise limits.max_snapshot",
		        STR_ARG(d->channel), d->blob.len, STR_ARG(d->environment->name),
		        (long long)d->environment->limits.max_snapshot);
	d->digest = digest_of(d->blob);
	d->length = d->blob.len;
	return OK;
}

// --- promote ---

static Err explain_source(const Draft *d, const Row *source)
{
	const Environment *from;
	TRY(environment_find(d->release->environments, d->environment->promotes_from, &from));
	switch ((int)source->state) {
	case STATE(ROLLING_OUT):
		return err(ERR_PROMOTION_SOURCE,
		        "version %llu of " STR_FMT " is still rolling out in " STR_FMT
		        ": wait until it is complete (parley rollout status --watch)",
		        (unsigned long long)source->version, STR_ARG(d->channel), STR_ARG(from->name));
	case STATE(PAUSED):
		return err(ERR_PROMOTION_SOURCE,
		        "the roll-out of version %llu of " STR_FMT " is paused in " STR_FMT
		        ": finish it first (parley rollout resume)",
		        (unsigned long long)source->version, STR_ARG(d->channel), STR_ARG(from->name));
	default:
		return err(ERR_PROMOTION_SOURCE,
		        "not every server of " STR_FMT " runs version %llu of " STR_FMT
		        ": parley rollout status shows which; it is tried again by itself",
		        STR_ARG(from->name), (unsigned long long)source->version, STR_ARG(d->channel));
	}
}

// After a roll-out was undone, what was superseded by it serves on.
static bool is_stable(const Row *source, const Row *latest)
{
	return source->state == STATE(COMPLETE) ||
	       (latest->id != source->id && latest->state == STATE(RETURNED));
}

static Err check_source(const Draft *d, const Row *source, bool found, const Row *latest)
{
	Str from = d->environment->promotes_from;
	if (!found)
		return err(ERR_PROMOTION_SOURCE,
		        STR_FMT " is not deployed to " STR_FMT ", where " STR_FMT
		                " takes its content from: deploy it there first",
		        STR_ARG(d->channel), STR_ARG(from), STR_ARG(d->environment->name));
	if (source->undeploy)
		return err(ERR_PROMOTION_SOURCE,
		        STR_FMT " is switched off in " STR_FMT
		                ": deploy it there again, or undeploy it here too",
		        STR_ARG(d->channel), STR_ARG(from));
	return is_stable(source, latest) ? OK : explain_source(d, source);
}

static Err read_source(Pg *pg, void *context)
{
	Draft *d = context;
	Row source, latest;
	bool found, ignored;
	Str from = d->environment->promotes_from;
	TRY(record_in_force(pg, from, d->channel, d->arena, &source, &found));
	TRY(record_latest(pg, from, d->channel, d->arena, &latest, &ignored));
	TRY(check_source(d, &source, found, &latest));
	d->digest = source.blob;
	d->length = source.length;
	d->promoted_from = from;
	// The same bytes may have been built anew since, with other descriptions.
	TRY(configuration_running(pg, from, d->channel, &d->build));
	const GateCase of = {
	        d->environment, d->channel, &d->digest, d->now_us, d->acknowledged, d->acknowledged_count};
	TRY(gates_judge(pg, &of, d->arena, &d->gates));
	return gates_check(&d->gates);
}

Err content_promote(Draft *d)
{
	return store_read(d->release->services->store, read_source, d);
}
