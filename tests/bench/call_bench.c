// Calls over gRPC: a parley-runtime as people run it against an empty handler on gRPC core (floor_server.c),
// both driven by the same client (floor_load.c) with the same requests, and with answers of the same size.
#include "bed.h"

#include <stdio.h>
#include <stdlib.h>

enum { PLACES_MAX = 128 };

typedef struct Lane {
	size_t next; // session
	char space[EVENT_REQUEST_MAX];
} Lane;

typedef struct Traffic {
	Bed *bed;
	const char *path;
	int connections, outstanding;
	FloorServer floor;
	Lane places[PLACES_MAX];
} Traffic;

static size_t next_session(Traffic *traffic, int place)
{
	Lane *at = &traffic->places[place];
	size_t session = at->next;
	at->next = (at->next + (size_t)(traffic->connections * traffic->outstanding)) % BED_SESSIONS;
	return session;
}

static Str ask_offers(void *context, int place)
{
	Traffic *traffic = context;
	return traffic->bed->get_offers[next_session(traffic, place)];
}

static Str tell_event(void *context, int place)
{
	Traffic *traffic = context;
	size_t session = next_session(traffic, place);
	return bed_event_request(traffic->bed, session, traffic->places[place].space);
}

static LoadResult run(Traffic *traffic, const char *side, int port, pid_t pid, const LoadTls *tls)
{
	LoadResult result;
	const Load load = {.port = port,
	        .tls = tls,
	        .path = traffic->path,
	        .token = tls == NULL ? TEST_TOKEN : NULL,
	        .connections = traffic->connections,
	        .outstanding = traffic->outstanding,
	        .warm_s = bench_quick() ? .1 : .3,
	        .measure_s = bench_quick() ? .4 : 1.5,
	        .request = strcmp(traffic->path, PATH_POST_EVENT) == 0 ? tell_event : ask_offers,
	        .context = traffic};
	double cpu_us = process_cpu_us(pid);
	load_run(&load, &result);
	cpu_us = process_cpu_us(pid) - cpu_us;
	if (result.failed > 0 || result.calls == 0) {
		fprintf(stderr, "%s: %s\n", traffic->path, result.failed > 0 ? result.failure : "no answers");
		exit(1);
	}
	bench_note("  %-5s %6.0f calls/s, p50 %.0f us, p99 %.0f us, %.1f us of processor a call", side,
	        result.calls_s, result.p50_us, result.p99_us, cpu_us / (double)result.served);
	return result;
}

static LoadResult run_ours(Traffic *traffic)
{
	Home *home = &traffic->bed->home;
	return run(traffic, "ours", home->plaintext, home->pid, NULL);
}

static double our_rate(void *context)
{
	return run_ours(context).calls_s;
}

static double our_p50(void *context)
{
	return run_ours(context).p50_us;
}

static double our_tls_rate(void *context)
{
	Traffic *traffic = context;
	Home *home = &traffic->bed->home;
	return run(traffic, "tls", home->port, home->pid, &traffic->bed->tls).calls_s;
}

static LoadResult run_floor(Traffic *traffic)
{
	return run(traffic, "floor", traffic->floor.port, traffic->floor.pid, NULL);
}

static double floor_rate(void *context)
{
	return run_floor(context).calls_s;
}

static double floor_p50(void *context)
{
	return run_floor(context).p50_us;
}

// --- rows ---

typedef struct CallRow {
	const char *name, *path;
	size_t rules;
	int connections, outstanding;
	const char *unit;
	BenchSide ours, floor;
} CallRow;

// Events first: they quote what was offered when the sessions were opened, and getOffers has that forgotten.
static const CallRow rows[] = {
        {"postevent_durable_4x32", PATH_POST_EVENT, 1000, 4, 32, "calls/s", our_rate, floor_rate},
        {"getoffers_1000_4x32", PATH_GET_OFFERS, 1000, 4, 32, "calls/s", our_rate, floor_rate},
        {"getoffers_1000_32x1", PATH_GET_OFFERS, 1000, 32, 1, "calls/s", our_rate, floor_rate},
        {"getoffers_p50_single_us", PATH_GET_OFFERS, 1000, 1, 1, "us", our_p50, floor_p50},
        {"getoffers_tls_4x32", PATH_GET_OFFERS, 1000, 4, 32, "calls/s", our_tls_rate, our_rate},
        {"getoffers_10000_4x32", PATH_GET_OFFERS, 10000, 4, 32, "calls/s", our_rate, floor_rate},
};
enum { ROWS = sizeof rows / sizeof *rows };

static void run_row(Bed *bed, const CallRow *row)
{
	Traffic *traffic = calloc(1, sizeof *traffic);
	if (traffic == NULL)
		bench_die("memory");
	*traffic = (Traffic){.bed = bed,
	        .path = row->path,
	        .connections = row->connections,
	        .outstanding = row->outstanding};
	for (size_t i = 0; i < PLACES_MAX; i++)
		traffic->places[i].next = i;
	size_t bytes = (size_t)(run_ours(traffic).mean_bytes + .5);
	size_t asked = (strcmp(row->path, PATH_GET_OFFERS) == 0 ? bed->get_offers : bed->post_event)[0].len;
	bench_note("%s: requests of %zu bytes, answers of %zu", row->name, asked, bytes);
	floor_start(&traffic->floor, row->path, bytes);
	bench_run(&(BenchRow){.name = row->name,
	        .unit = row->unit,
	        .ours = row->ours,
	        .floor = row->floor,
	        .context = traffic});
	floor_stop(&traffic->floor);
	free(traffic);
}

int main(int argc, char **argv)
{
	static Bed bed;
	size_t rules = 0; // of the bed that is made
	bench_begin(argc, argv);
	rpc_init();
	for (size_t i = 0; i < ROWS; i++) {
		if (!bench_wants(rows[i].name))
			continue;
		if (rules != 0 && rules != rows[i].rules)
			bed_remove(&bed);
		if (rules != rows[i].rules)
			bed_make(&bed, rules = rows[i].rules);
		run_row(&bed, &rows[i]);
	}
	if (rules != 0)
		bed_remove(&bed);
	rpc_shutdown();
	return 0;
}
