// Rounds. In a round each lane plans its events by the volumes that all lanes had counted before it, and by
// what it counts itself; then all is added up. What a round has depends on the events alone, so threads
// change nothing but the time that it takes. While lanes plan, what the round before has made is written, and
// what comes next is read.
#include "plan/internal.h"

#include "base/cleanup.h"

#include <stdlib.h>
#include <unistd.h>

enum { CLOSING_US = 2000000, LINE = 64, WRITE_AHEAD = 4, WRITE_FETCHED = 1024 };

// What is planned in one go: items of the window from one place to another.
typedef struct Round {
	Item **items; // in order
	size_t count;
	Item **of_lane[PLAN_LANES];
	size_t lane_count[PLAN_LANES];
	Shelf *shelves[PLAN_LANES]; // of effects, a lane's each
	uint64_t behind;            // blocks before this one are done with
} Round;

typedef struct Run {
	const PlanOptions *options;
	PlanShared shared;
	Arena *arena;
	Personas *personas;
	Pool *pool;
	PlanWriter *writer;
	Lane *lanes[PLAN_LANES];
	CountSlot (*volumes)[2];
	Window *window;
	Round rounds[2], *now, *before; // `before` NULL: there is none yet
	size_t reading;                 // blocks, in this round
	uint64_t planned, round_count;
	Str closing[PLAN_LANES]; // effects of what happens behind the last event
} Run;

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for a plan");
}

// --- reading ---

static Err read_task(void *context, size_t number)
{
	return window_read(((Run *)context)->window, number);
}

// Until there is a whole round, or no more.
static Err read_ahead(Run *run)
{
	while (!window_has_round(run->window)) {
		size_t count = 0;
		TRY(window_prepare(run->window, &count));
		if (count == 0)
			return OK;
		TRY(pool_run(run->pool, count, read_task, run));
		window_take_in(run->window);
	}
	return OK;
}

// --- a round ---

// How many events the round may have for the sake of overall constraints, and until when.
static size_t round_most(const Run *run, int64_t first_us, int64_t *ret_until_us)
{
	const VisitorView *view = lane_view(run->lanes[0]);
	const CountSlot(*volumes)[2] = (const CountSlot(*)[2])run->volumes;
	*ret_until_us = visitor_volumes_until(view, first_us);
	uint64_t left = visitor_volumes_left(view, volumes, first_us);
	if (left < PLAN_ROUND_LEAST)
		left = PLAN_ROUND_LEAST;
	return left < PLAN_ROUND_EVENTS ? (size_t)left : PLAN_ROUND_EVENTS;
}

static void add_to_lane(Round *round, Item *item)
{
	unsigned lane = item->refused == OK ? lane_of(item->visitor) : 0;
	round->items[round->count++] = item;
	round->of_lane[lane][round->lane_count[lane]++] = item;
}

static void select_round(Run *run, Round *round)
{
	Item *item = window_next(run->window);
	int64_t until_us = INT64_MAX;
	round->count = 0;
	memset(round->lane_count, 0, sizeof round->lane_count);
	if (item == NULL)
		return;
	uint64_t first_block = window_block(run->window);
	size_t most = round_most(run, item->time_us, &until_us);
	for (; item != NULL && round->count < most && item->time_us < until_us &&
	        window_block(run->window) - first_block < PLAN_ROUND_BLOCKS;
	        item = window_next(run->window)) {
		add_to_lane(round, item);
		window_pass(run->window);
	}
	round->behind = window_block(run->window);
}

// Lanes have made them: each is somewhere else.
static void fetch(Str effects)
{
	for (size_t at = 0; at < effects.len && at < WRITE_FETCHED; at += LINE)
		__builtin_prefetch(effects.ptr + at);
}

static Err write_round(Run *run, const Round *round)
{
	for (size_t i = 0; i < round->count; i++) {
		if (i + 2 * WRITE_AHEAD < round->count)
			__builtin_prefetch(&round->items[i + 2 * WRITE_AHEAD]->effects);
		if (i + WRITE_AHEAD < round->count)
			fetch(round->items[i + WRITE_AHEAD]->effects);
		TRY(plan_writer_add(run->writer, round->items[i]->effects));
	}
	return OK;
}

// What takes longest comes first: writing, then reading.
static Err round_task(void *context, size_t number)
{
	Run *run = context;
	if (number == 0)
		return run->before != NULL ? write_round(run, run->before) : OK;
	if (number <= run->reading)
		return window_read(run->window, number - 1);
	number -= 1 + run->reading;
	shelf_clear(run->now->shelves[number]);
	return lane_plan(run->lanes[number], run->now->of_lane[number], run->now->lane_count[number],
	        run->now->shelves[number]);
}

static void share_volumes(Run *run)
{
	for (size_t i = 0; i < PLAN_LANES; i++)
		visitor_volumes_add(lane_view(run->lanes[i]), run->volumes);
	for (size_t i = 0; i < PLAN_LANES; i++)
		visitor_volumes_put(lane_view(run->lanes[i]), (const CountSlot(*)[2])run->volumes);
}

static Err plan_round(Run *run)
{
	// What the round before last had is written: its blocks give room.
	TRY(window_prepare(run->window, &run->reading));
	TRY(pool_run(run->pool, 1 + PLAN_LANES + run->reading, round_task, run));
	window_take_in(run->window);
	share_volumes(run);
	run->planned += run->now->count;
	run->round_count++;
	if (run->before != NULL)
		window_done(run->window, run->before->behind);
	run->before = run->now;
	run->now = run->now == &run->rounds[0] ? &run->rounds[1] : &run->rounds[0];
	return OK;
}

static Err plan_all(Run *run)
{
	const PlanOptions *options = run->options;
	for (;;) {
		TRY(read_ahead(run));
		select_round(run, run->now);
		if (run->now->count == 0)
			break;
		TRY(plan_round(run));
		if (options->progress != NULL)
			options->progress(options->context, run->planned);
		if (options->stop != NULL && atomic_load(options->stop))
			return err(ERR_CANCELLED, "the plan was broken off: what there is of it is kept, and "
			                          "the same command takes it up");
	}
	return run->before != NULL ? write_round(run, run->before) : OK;
}

// --- what happens behind the last event ---

static int64_t closing_us(const Run *run)
{
	const Parley__Snapshot__V1__Snapshot *snapshot = rehearsal_snapshot(run->options->content);
	int64_t after_us = (int64_t)snapshot->session_timeout_s * US_PER_S;
	for (size_t e = 0; e < snapshot->n_events; e++)
		for (size_t a = 0; a < snapshot->events[e]->n_actions; a++) {
			int64_t delay_us = (int64_t)snapshot->events[e]->actions[a]->delay_s * US_PER_S;
			after_us = delay_us > after_us ? delay_us : after_us;
		}
	return event_set_info(run->options->set)->last_us + after_us + CLOSING_US;
}

static Err close_task(void *context, size_t number)
{
	Run *run = context;
	Shelf *shelf = run->now->shelves[number];
	shelf_clear(shelf);
	return lane_close(run->lanes[number], closing_us(run), run->planned, shelf, &run->closing[number]);
}

static Err close_lanes(Run *run)
{
	if (run->planned == 0)
		return OK;
	TRY(pool_run(run->pool, PLAN_LANES, close_task, run));
	for (size_t i = 0; i < PLAN_LANES; i++)
		if (run->closing[i].len > 0)
			TRY(plan_writer_add(run->writer, run->closing[i]));
	return OK;
}

// --- the end ---

static Err finish(Run *run, PlanReport *ret)
{
	PlanEnd *end = ARENA_NEW(run->arena, PlanEnd);
	Parley__Plan__V1__PlanInputs *inputs = ARENA_NEW(run->arena, Parley__Plan__V1__PlanInputs);
	Tally *sums = tally_new(run->options->content);
	Err e = end != NULL && inputs != NULL && sums != NULL ? OK : no_memory();
	for (size_t i = 0; e == OK && i < PLAN_LANES; i++)
		e = tally_merge(sums, lane_tally(run->lanes[i]));
	if (e == OK) {
		parley__plan__v1__plan_end__init(end);
		end->inputs = inputs;
		e = plan_inputs(run->options, run->arena, inputs);
	}
	if (e == OK)
		e = tally_end(sums, run->arena, end);
	tally_free(sums);
	TRY(e);
	PlanWriter *writer = run->writer;
	run->writer = NULL;
	TRY(plan_writer_finish(writer, end));
	ret->end = end;
	ret->effects = end->effects;
	ret->rounds = run->round_count;
	return OK;
}

// --- life ---

static Err round_new(Round *round)
{
	round->items = calloc(PLAN_ROUND_EVENTS, sizeof(Item *));
	bool enough = round->items != NULL;
	for (size_t i = 0; enough && i < PLAN_LANES; i++) {
		round->of_lane[i] = calloc(PLAN_ROUND_EVENTS, sizeof(Item *));
		round->shelves[i] = shelf_new();
		enough = round->of_lane[i] != NULL && round->shelves[i] != NULL;
	}
	return enough ? OK : no_memory();
}

static void round_free(Round *round)
{
	for (size_t i = 0; i < PLAN_LANES; i++) {
		shelf_free(round->shelves[i]);
		free(round->of_lane[i]);
	}
	free(round->items);
}

static Err lane_task(void *context, size_t number)
{
	Run *run = context;
	return lane_new(&run->shared, (unsigned)number, &run->lanes[number]);
}

static Err open_lanes(Run *run)
{
	TRY(pool_run(run->pool, PLAN_LANES, lane_task, run));
	const VisitorView *view = lane_view(run->lanes[0]);
	run->volumes = arena_alloc_array(run->arena, sizeof *run->volumes, visitor_volume_count(view) + 1);
	if (run->volumes == NULL)
		return no_memory();
	visitor_volumes_get(view, run->volumes);
	return OK;
}

static unsigned threads_of(const PlanOptions *options)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned threads = options->threads ? options->threads : processors > 0 ? (unsigned)processors : 1;
	return threads < PLAN_LANES ? threads : PLAN_LANES;
}

static Err check_options(const PlanOptions *options)
{
	const char *event = options->contact_event;
	if (event != NULL && plan_event(rehearsal_plan(options->content), str(event)) < 0)
		return err_at(ERR_EVENT_UNKNOWN, "contact_event",
		        "the channel has no event \"%.128s\" that could log what was shown", event);
	return OK;
}

static Err open_run(Run *run, PlanReport *ret)
{
	const PlanOptions *options = run->options;
	TRY(check_options(options));
	run->shared = (PlanShared){.options = options};
	if (options->profiles != NULL) {
		TRY(personas_read(options->content, options->profiles, &run->personas));
		run->shared.personas = run->personas;
	}
	TRY(round_new(&run->rounds[0]));
	TRY(round_new(&run->rounds[1]));
	run->now = &run->rounds[0];
	run->window = window_new(options);
	if (run->window == NULL)
		return no_memory();
	TRY(pool_new(threads_of(options), &run->pool));
	TRY(open_lanes(run));
	return plan_writer_open(options->path, &run->writer, &ret->there);
}

static Err free_task(void *context, size_t number)
{
	lane_free(((Run *)context)->lanes[number]);
	return OK;
}

static void close_run(Run *run)
{
	plan_writer_close(run->writer);
	if (run->pool != NULL) // or there are no lanes either
		pool_run(run->pool, PLAN_LANES, free_task, run);
	pool_free(run->pool);
	window_free(run->window);
	round_free(&run->rounds[0]);
	round_free(&run->rounds[1]);
	personas_free(run->personas);
	free(run);
}

Err plan_run(const PlanOptions *options, Arena *arena, PlanReport *ret)
{
	Run *run = calloc(1, sizeof *run);
	if (run == NULL)
		return no_memory();
	*ret = (PlanReport){0};
	run->options = options;
	run->arena = arena;
	Err e = open_run(run, ret);
	if (e == OK)
		e = plan_all(run);
	if (e == OK)
		e = close_lanes(run);
	if (e == OK)
		e = finish(run, ret);
	ErrDetail why = *err_detail();
	close_run(run);
	return e == OK ? OK : err_restore(&why);
}
