// Rows a second into the history, exactly once, by one runtime server over gRPC with mutual TLS; against the
// floor: bare COPY BINARY of as many rows into a table with the same columns and indexes, 5,000 a COPY. The
// private PostgreSQL runs without fsync, for both.
#include "bench.h"
#include "ingest_world.h"

#include "base/clock.h"

#include <stdio.h>

enum { VISITS = 30000, VISITS_QUICK = 5000, ROWS_A_VISIT = 7, COPY_ROWS = 5000 };

static uint64_t visits(void)
{
	return bench_quick() ? VISITS_QUICK : VISITS;
}

static double measure_ingest(void *context)
{
	void *state = context;
	World *world = context;
	world_story_begin(&state);
	for (uint64_t visitor = 0; visitor < visits(); visitor++) {
		world_visit_unwaited(world, visitor);
		uint64_t records = (visitor + 1) * VISIT_RECORDS;
		while (visitor % 1000 == 999 && journal_wait(world->journal, records - 1, 1000) < records) {
		}
	}
	int64_t begun = monotonic_us();
	world_ship_start(world);
	world_wait_shipped(world);
	int64_t us = monotonic_us() - begun;
	world_check_visits(world, (int64_t)visits());
	world_story_end(&state);
	return (double)visits() * ROWS_A_VISIT / (double)us * 1e6;
}

static void copy_contacts(World *world, int64_t from, int64_t count)
{
	static const uint8_t digest[32] = {1, 2, 3};
	assert_int_equal(pg_copy_begin(world->sql, 10000, sql_contact_history_copy, 27), OK);
	for (int64_t i = from; i < from + count; i++) {
		char audience[32], event[32];
		snprintf(audience, sizeof audience, "customer-%lld", (long long)i / ROWS_A_VISIT);
		snprintf(event, sizeof event, "event-%lld", (long long)i);
		assert_int_equal(
		        pg_copy_row(world->sql,
		                (const PgParam[]){P_TIME(1780315200 * US_PER_S + i),
		                        P_I64(INT64_C(3813524992) << 31), P_I64(i), P_I64(0), P_I64(7),
		                        P_CTEXT("test"), P_CTEXT("r1"), P_CTEXT("retail"), P_CTEXT(audience),
		                        P_CTEXT("Customer"), P_CTEXT(audience),
		                        P_BYTES(str_n((const char *)digest, 32)), P_CTEXT(event),
		                        P_CTEXT("Click"), P_CTEXT("Web"), P_CTEXT("home"), P_CTEXT("top"),
		                        P_CTEXT("T-1"), P_CTEXT("GOLD"), P_CTEXT("gold-for-all"),
		                        P_CTEXT("Loyal"), P_CTEXT("spring"), P_CTEXT("c1"), P_CTEXT(""),
		                        P_CTEXT(""), P_CTEXT(""), P_NULL}),
		        OK);
	}
	assert_int_equal(pg_copy_end(world->sql, 10000), OK);
}

static double measure_floor(void *context)
{
	void *state = context;
	World *world = context;
	world_story_begin(&state);
	world_sql(world, "SELECT history_month_make('2026-06-01Z')");
	int64_t rows = (int64_t)visits() * ROWS_A_VISIT, begun = monotonic_us();
	for (int64_t done = 0; done < rows; done += COPY_ROWS)
		copy_contacts(world, done, COPY_ROWS);
	int64_t us = monotonic_us() - begun;
	world_story_end(&state);
	return (double)rows / (double)us * 1e6;
}

int main(int argc, char **argv)
{
	void *state = NULL;
	bench_begin(argc, argv);
	if (!bench_wants("ingest"))
		return 0;
	world_begin(&state);
	World *world = state;
	world->segment_bytes = 64 << 20;
	world->batch_bytes = 4 << 20; // as a runtime server's
	bench_run(&(BenchRow){.name = "ingest",
	        .unit = "rows/s",
	        .ours = measure_ingest,
	        .floor = measure_floor,
	        .context = world});
	return world_end(&state);
}
