// What visitor state takes and costs: memory a visitor, time a record, a look and a checkpoint, and a start
// from checkpoint and from the journal. It has no floor to be measured against; it prints figures to be read.
#include "base/clock.h"
#include "bench.h"
#include "visitor/keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef Parley__Journal__V1__Effect Effect;
typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Snapshot__V1__Snapshot Snapshot;

enum { FACTS = 10, OFFERS = 1000, LOOKS = 1000000, MANY = 1000000, FEW = 50000 };
static const int64_t NOON = INT64_C(1767268800) * US_PER_S;

typedef struct Bench {
	char dir[64], journal_dir[80], state_dir[80];
	uint64_t visitors;
	Journal *journal;
	Visitors *state;
	Arena *arena, *scratch;
	Snapshot *snapshot;
	char *codes[OFFERS];
} Bench;

// Resident memory of the process.
static int64_t resident(void)
{
	long pages = 0, total = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	if (file == NULL || fscanf(file, "%ld %ld", &total, &pages) != 2)
		bench_die("/proc/self/statm cannot be read");
	fclose(file);
	return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

// What this thread has used of the processor: steadier than time on a busy machine.
static int64_t used_us(void)
{
	struct timespec used;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (int64_t)used.tv_sec * US_PER_S + used.tv_nsec / 1000;
}

static Snapshot *make_snapshot(Bench *bench)
{
	Arena *arena = bench->arena;
	Snapshot *snapshot = ARENA_NEW(arena, Snapshot);
	Parley__Snapshot__V1__AudienceLevel *level = ARENA_NEW(arena, Parley__Snapshot__V1__AudienceLevel);
	Parley__Snapshot__V1__Constraint *constraint = ARENA_NEW(arena, Parley__Snapshot__V1__Constraint);
	parley__snapshot__v1__snapshot__init(snapshot);
	parley__snapshot__v1__audience_level__init(level);
	parley__snapshot__v1__constraint__init(constraint);
	snapshot->channel = (char *)"shop";
	level->name = (char *)"customer";
	snapshot->audience_levels = ARENA_ARRAY(arena, Parley__Snapshot__V1__AudienceLevel *, 1);
	snapshot->audience_levels[snapshot->n_audience_levels++] = level;
	snapshot->offers = ARENA_ARRAY(arena, Parley__Snapshot__V1__Offer *, OFFERS);
	constraint->offers = ARENA_ARRAY(arena, uint32_t, OFFERS);
	for (uint32_t i = 0; i < OFFERS; i++) {
		snapshot->offers[i] = ARENA_NEW(arena, Parley__Snapshot__V1__Offer);
		parley__snapshot__v1__offer__init(snapshot->offers[i]);
		bench->codes[i] = snapshot->offers[i]->code = arena_printf(arena, "OFFER-%04u", i);
		constraint->offers[i] = i;
	}
	snapshot->n_offers = constraint->n_offers = OFFERS;
	constraint->scope = PARLEY__SNAPSHOT__V1__CONSTRAINT_SCOPE__CONSTRAINT_SCOPE_OVERALL;
	constraint->period = PARLEY__SNAPSHOT__V1__PERIOD__PERIOD_DAY;
	constraint->counted = PARLEY__SNAPSHOT__V1__COUNTED__COUNTED_CONTACTS;
	snapshot->constraints = ARENA_ARRAY(arena, Parley__Snapshot__V1__Constraint *, 1);
	snapshot->constraints[snapshot->n_constraints++] = constraint;
	return snapshot;
}

static void open_state(Bench *bench)
{
	JournalOptions journal = {.dir = bench->journal_dir,
	        .runtime_id = STR("bench"),
	        .quota_bytes = INT64_C(64) << 30,
	        .retain = true};
	bench_must(journal_open(&journal, &bench->journal));
	VisitorsOptions options = {.dir = bench->state_dir,
	        .journal = bench->journal,
	        .hash_seed = 7,
	        .checkpoint_us = 86400 * US_PER_S};
	bench_must(visitors_open(&options, &bench->state));
}

static void close_state(Bench *bench)
{
	visitors_close(bench->state);
	journal_close(bench->journal);
}

// --- one event ---

static Err record(Bench *bench, uint64_t visitor, size_t facts)
{
	static const Parley__Journal__V1__EffectKind kinds[FACTS] = {1, 1, 1, 1, 1, 1, 1, 2, 2, 3};
	Entry entry = PARLEY__JOURNAL__V1__ENTRY__INIT;
	Parley__Journal__V1__Context context = PARLEY__JOURNAL__V1__CONTEXT__INIT;
	Parley__Journal__V1__EventPosted posted = PARLEY__JOURNAL__V1__EVENT_POSTED__INIT;
	Effect effects[FACTS], *list[FACTS];
	char id[24], event[64];
	arena_reset(bench->scratch);
	for (size_t i = 0; i < facts; i++) {
		parley__journal__v1__effect__init(&effects[i]);
		effects[i].kind = kinds[i];
		effects[i].offer_code = bench->codes[(visitor * 7 + i * 13) % OFFERS];
		list[i] = &effects[i];
	}
	snprintf(id, sizeof id, "%llu", (unsigned long long)(10000000 + visitor));
	snprintf(event, sizeof event, "event-%llu-%zu", (unsigned long long)visitor, facts);
	context.channel = (char *)"shop";
	context.audience_level = (char *)"customer";
	context.audience_id = id;
	context.time_us = NOON + (int64_t)visitor;
	posted.effects = list;
	posted.n_effects = facts;
	entry.context = &context;
	entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED;
	entry.event_posted = &posted;
	return visitors_record(bench->state, &entry, str(event), bench->scratch, NULL, NULL);
}

// The journal refuses for a moment when the disk is slower than we.
static void must_record(Bench *bench, uint64_t visitor, size_t facts)
{
	Err e;
	while ((e = record(bench, visitor, facts)) == ERR_JOURNAL_FULL)
		journal_wait(bench->journal, journal_durable(bench->journal), 100);
	bench_must(e);
}

// --- figures ---

static void fill(Bench *bench)
{
	int64_t before = resident(), begun_us = used_us();
	for (uint64_t i = 0; i < bench->visitors; i++)
		must_record(bench, i, FACTS);
	int64_t took_us = used_us() - begun_us, bytes = resident() - before;
	VisitorsStatus status;
	visitors_status(bench->state, &status);
	bench_note("%llu visitors with %d facts each: %.0f MiB resident, %.0f bytes a visitor (%llu MiB by "
	           "its own count)",
	        (unsigned long long)status.visitors, FACTS, (double)bytes / (1 << 20),
	        (double)bytes / (double)status.visitors, (unsigned long long)status.bytes >> 20);
	bench_note("records of %d effects each: %.2f us", FACTS, (double)took_us / (double)bench->visitors);
}

static void look(Bench *bench)
{
	VisitorView *view = NULL;
	const Fact *facts;
	const uint64_t *volumes;
	size_t count = 0, all = 0;
	bench_must(visitor_view_new(bench->state, bench->snapshot, &view));
	int64_t begun_us = used_us();
	for (uint64_t i = 0; i < LOOKS; i++) {
		char id[24];
		snprintf(id, sizeof id, "%llu", (unsigned long long)(10000000 + i * 7919 % bench->visitors));
		arena_reset(bench->scratch);
		bench_must(visitor_facts(view, 0, str(id), NOON, bench->scratch, &facts, &count));
		bench_must(visitor_volumes(view, NOON, bench->scratch, &volumes));
		all += count;
	}
	int64_t took_us = used_us() - begun_us;
	bench_note("a look at a visitor's %.1f facts and a volume: %.0f ns", (double)all / LOOKS,
	        (double)took_us * 1000 / LOOKS);
	visitor_view_free(view);
}

static double seconds_since(int64_t begun_us)
{
	return (double)(monotonic_us() - begun_us) / US_PER_S;
}

static void restart(Bench *bench)
{
	VisitorsStatus status;
	char command[200];
	int64_t begun_us = monotonic_us();
	bench_must(keeper_checkpoint(bench->state->keeper));
	visitors_status(bench->state, &status);
	bench_note("a checkpoint of %llu MiB: %.2f s", (unsigned long long)status.checkpoint_bytes >> 20,
	        seconds_since(begun_us));
	close_state(bench);
	begun_us = monotonic_us();
	open_state(bench);
	bench_note("a start from it: %.2f s", seconds_since(begun_us));
	close_state(bench);
	snprintf(command, sizeof command, "rm -r %s", bench->state_dir);
	if (system(command) != 0)
		bench_die(command);
	begun_us = monotonic_us();
	open_state(bench);
	visitors_status(bench->state, &status);
	bench_note("a start from the journal alone: %.2f s, %.2f us a record", seconds_since(begun_us),
	        seconds_since(begun_us) * US_PER_S / (double)status.visitors);
	close_state(bench);
}

int main(int argc, char **argv)
{
	Bench bench = {.arena = arena_new(1 << 20, 0), .scratch = arena_new(64 * 1024, 0)};
	bench_begin(argc, argv);
	if (!bench_wants("visitors"))
		return EXIT_SUCCESS;
	bench_folder_make(bench.dir);
	snprintf(bench.journal_dir, sizeof bench.journal_dir, "%s/journal", bench.dir);
	snprintf(bench.state_dir, sizeof bench.state_dir, "%s/visitors", bench.dir);
	bench.visitors = bench_quick() ? FEW : MANY;
	bench.snapshot = make_snapshot(&bench);
	open_state(&bench);
	fill(&bench);
	look(&bench);
	restart(&bench);
	bench_folder_remove(bench.dir);
	arena_free(bench.arena);
	arena_free(bench.scratch);
	return EXIT_SUCCESS;
}
