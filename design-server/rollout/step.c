// A step is reached when every server that it concerns has its share; from then on it is watched for its bake
// time. What servers had counted at that moment is kept, so that only what came later is judged. Nothing here
// is remembered but in the database: a design server that dies goes on at the same step, with the same baking
// time behind it.
#include "rollout/step.h"

#include "rollout/figures.h"

#include <stdio.h>

static const Str controller = {"roll-out", 8};

// --- reaching a step ---

// Whether the step is there on a server; if not, why, in words.
static bool has_step(const Plan *plan, const Line *line, const EnvironmentServer *server,
        const Report *report, char *why, size_t size)
{
	uint32_t permille = line_permille(plan->environment, line, server);
	const ServerStatus *status = report ? report->status : NULL;
	const ChannelStatus *channel = status_channel(status, line->channel);
	if (!status)
		snprintf(why, size, "waits for " STR_FMT ", which is away", STR_ARG(server->name));
	else if (!channel_tries(channel, &line->newest) || channel->candidate_permille != permille)
		snprintf(why, size, "waits for " STR_FMT "%s%s", STR_ARG(server->name),
		        channel && *channel->last_error ? ", which refused it: " : "",
		        channel ? channel->last_error : "");
	else
		return true;
	return false;
}

static bool is_reached(const Plan *plan, const Line *line, const Reports *reports, char *why, size_t size)
{
	const Environment *environment = plan->environment;
	const EnvironmentStep *step = environment_step(environment, line->step - 1);
	for (size_t i = 0; i < environment->servers.count; i++) {
		const EnvironmentServer *server = environment_server(environment, i);
		if (environment_step_has(step, server) &&
		        !has_step(plan, line, server, reports->items[i], why, size))
			return false;
	}
	return true;
}

static Err keep_baseline(Pg *pg, const Plan *plan, const Line *line, const Reports *reports)
{
	TRY(SQL_RUN(pg, NULL, rollout_baseline_clear, P_I64(line->newest.id)));
	for (size_t i = 0; i < reports->count; i++) {
		const ChannelStatus *channel =
		        reports->items[i] ? status_channel(reports->items[i]->status, line->channel) : NULL;
		for (size_t j = 0; channel && j < channel->n_figures; j++) {
			Figures figures;
			int64_t numbers[FIGURES];
			figures_of(channel->figures[j], &figures);
			figures_pack(&figures, numbers);
			TRY(SQL_RUN(pg, NULL, rollout_baseline_add, P_I64(line->newest.id),
			        P_TEXT(environment_server(plan->environment, i)->name),
			        P_I64((int64_t)channel->figures[j]->version), P_I64S(numbers, FIGURES)));
		}
	}
	return OK;
}

static Err reach(Pg *pg, const Plan *plan, const Line *line, const Reports *reports, int64_t now_us)
{
	char why[REFUSAL_MAX];
	if (!is_reached(plan, line, reports, why, sizeof why))
		return SQL_RUN(pg, NULL, rollout_wait, P_I64(line->newest.id), P_CTEXT(why));
	TRY(keep_baseline(pg, plan, line, reports));
	return SQL_RUN(pg, NULL, rollout_reach, P_I64(line->newest.id), P_I64(line->step), P_TIME(now_us));
}

// --- watching it ---

typedef struct Baseline {
	Str server;
	uint64_t version;
	Figures figures;
} Baseline;

static Err read_baseline(Pg *pg, const Plan *plan, const Line *line, Baseline **ret, size_t *ret_count)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(SQL_RUN(pg, &result, rollout_baseline_list, P_I64(line->newest.id)));
	*ret_count = pg_rows(result);
	*ret = ARENA_ARRAY(plan->arena, Baseline, *ret_count);
	if (!*ret)
		return rollout_no_memory();
	for (size_t i = 0; i < *ret_count; i++) {
		int64_t numbers[FIGURES];
		Str *texts;
		size_t count;
		TRY(pg_texts(result, i, 2, plan->arena, &texts, &count));
		for (size_t j = 0; j < count && j < FIGURES; j++)
			(void)str_to_i64(texts[j], &numbers[j]);
		(*ret)[i].server = arena_str(plan->arena, pg_text(result, i, 0));
		(*ret)[i].version = (uint64_t)pg_i64(result, i, 1);
		figures_unpack(numbers, count, &(*ret)[i].figures);
	}
	return OK;
}

typedef struct Groups {
	Figures candidate, stable;
} Groups;

static void add_server(const Line *line, const ChannelStatus *channel, Str server, const Baseline *baseline,
        size_t count, Groups *ret)
{
	for (size_t i = 0; i < channel->n_figures; i++) {
		const Parley__Runtime__V1__VersionFigures *version = channel->figures[i];
		bool candidate =
		        version->version == line->newest.version && version->epoch == line->newest.epoch;
		if (!candidate &&
		        (version->version != line->stable.version || version->epoch != line->stable.epoch))
			continue;
		Figures figures;
		figures_of(version, &figures);
		for (size_t j = 0; j < count; j++) {
			if (str_eq(baseline[j].server, server) && baseline[j].version == version->version)
				figures_since(&figures, &baseline[j].figures);
		}
		figures_add(candidate ? &ret->candidate : &ret->stable, &figures);
	}
}

static Err measure(Pg *pg, const Plan *plan, const Line *line, const Reports *reports, Groups *ret)
{
	Baseline *baseline;
	size_t count;
	TRY(read_baseline(pg, plan, line, &baseline, &count));
	*ret = (Groups){0};
	for (size_t i = 0; i < reports->count; i++) {
		const ChannelStatus *channel =
		        reports->items[i] ? status_channel(reports->items[i]->status, line->channel) : NULL;
		if (channel)
			add_server(line, channel, environment_server(plan->environment, i)->name, baseline,
			        count, ret);
	}
	return OK;
}

static Err record_groups(Pg *pg, const Line *line, const Groups *groups)
{
	int64_t numbers[2][5];
	const Figures *both[] = {&groups->candidate, &groups->stable};
	for (size_t i = 0; i < ARRAY_COUNT(both); i++) {
		numbers[i][0] = both[i]->calls;
		numbers[i][1] = figures_error_rate(both[i]);
		numbers[i][2] = figures_p99_us(both[i]);
		numbers[i][3] = both[i]->contacts;
		numbers[i][4] = figures_acceptance(both[i]);
	}
	return SQL_RUN(pg, NULL, rollout_measure, P_I64(line->newest.id), P_I64S(numbers[0], 5),
	        P_I64S(numbers[1], 5));
}

// --- the next move ---

static Err go_on(Pg *pg, const Plan *plan, const Line *line, int64_t now_us)
{
	const EnvironmentStep *step = environment_step(plan->environment, line->step - 1);
	const LogField fields[] = {F_STR("environment", plan->environment->name),
	        F_STR("channel", line->channel), F_UINT("version", line->newest.version),
	        F_UINT("step", line->step)};
	if (now_us < line->reached_us + step->bake_us)
		return OK;
	log_write(LOG_INFO, "roll-out passed a step", fields, ARRAY_COUNT(fields));
	if (line->step >= line->steps || line->step >= plan->environment->rollout.steps.count)
		return SQL_RUN(pg, NULL, rollout_keep, P_I64(line->newest.id), P_TIME(now_us));
	return SQL_RUN(pg, NULL, rollout_step, P_I64(line->newest.id), P_I64(line->step), P_TIME(now_us));
}

static Err watch(
        Pg *pg, const Plan *plan, const Line *line, const Reports *reports, int64_t now_us, bool *ret_moved)
{
	char reason[REASON_MAX];
	Groups groups;
	TRY(measure(pg, plan, line, reports, &groups));
	TRY(record_groups(pg, line, &groups));
	if (figures_are_worse(
	            &plan->environment->rollout.return_on, &groups.candidate, &groups.stable, reason)) {
		log_warn("roll-out returned", F_STR("environment", plan->environment->name),
		        F_STR("channel", line->channel), F_UINT("version", line->newest.version),
		        F_CSTR("why", reason));
		*ret_moved = true;
		return state_move(pg, line->newest.id, EVENT_RETURNED, controller, str(reason), now_us, NULL);
	}
	*ret_moved =
	        !line->paused &&
	        now_us >= line->reached_us + environment_step(plan->environment, line->step - 1)->bake_us;
	return *ret_moved ? go_on(pg, plan, line, now_us) : OK;
}

// The profile has fewer steps than when this began, or none: what is left of them is passed.
static bool has_no_step(const Plan *plan, const Line *line)
{
	return line->step == 0 || line->step > plan->environment->rollout.steps.count;
}

Err step_advance(
        Pg *pg, const Plan *plan, const Line *line, const Reports *reports, int64_t now_us, bool *ret_moved)
{
	CLEANUP(pg_result_freep) PgResult *locked = NULL;
	// Somebody may have undone or paused it since the plan was read: then the next pass sees it.
	TRY(SQL_RUN(pg, &locked, deployment_move_lock, P_I64(line->newest.id)));
	if (pg_rows(locked) != 1 || (DeploymentState)pg_i64(locked, 0, 3) != line->state)
		return OK;
	if (has_no_step(plan, line)) {
		*ret_moved = !line->paused;
		return line->paused ? OK
		                    : SQL_RUN(pg, NULL, rollout_keep, P_I64(line->newest.id), P_TIME(now_us));
	}
	if (!line->reached_us)
		return reach(pg, plan, line, reports, now_us);
	return watch(pg, plan, line, reports, now_us, ret_moved);
}
