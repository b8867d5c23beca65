// Exactly once, in one transaction: lock the journal's cursor; refuse a gap, skip what is known; skip events
// whose ID is known; rows; cursor; commit. A runtime that does not learn the outcome asks for the cursor or
// just sends again.
#include "history/ingest.h"

#include "base/cleanup.h"
#include "history/dedupe.h"
#include "history/effects.h"
#include "history/erased.h"
#include "history/traced.h"
#include "history/turn.h"
#include "history/write.h"
#include "match/match.h"
#include "metrics/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>

typedef Parley__Design__V1__GetCursorRequest GetCursorRequest;
typedef Parley__Design__V1__GetCursorResponse GetCursorResponse;
typedef Parley__Design__V1__ShipRecordsRequest ShipRecordsRequest;
typedef Parley__Design__V1__ShipRecordsResponse ShipRecordsResponse;

// How long a batch that comes too early waits for the one before it, which another thread may only just have
// begun with.
enum { GAP_PATIENCE_MS = 100 };

typedef struct Ingest {
	BatchSource source;
	Batch batch;
	Arena *arena;
	uint64_t committed;
} Ingest;

// --- the transaction ---

static Err lock_cursor(Pg *pg, Ingest *in)
{
	CLEANUP(pg_result_freep) PgResult *cursor = NULL;
	const BatchSource *source = &in->source;
	TRY(SQL_RUN(pg, &cursor, ship_cursor_lock, P_TEXT(source->environment), P_TEXT(source->runtime_id),
	        P_I64((int64_t)source->incarnation), P_TIME(source->now_us)));
	in->committed = (uint64_t)pg_i64(cursor, 0, 0);
	return OK;
}

static Err move_cursor(Pg *pg, Ingest *in, uint64_t sequence)
{
	const BatchSource *source = &in->source;
	TRY(SQL_RUN(pg, NULL, ship_cursor_move, P_TEXT(source->environment), P_TEXT(source->runtime_id),
	        P_I64((int64_t)source->incarnation), P_I64((int64_t)sequence), P_TIME(source->now_us)));
	in->committed = sequence;
	return OK;
}

static Err take_in(Pg *pg, void *context)
{
	Ingest *in = context;
	Batch *batch = &in->batch;
	TRY(lock_cursor(pg, in));
	uint64_t first = batch->records[0].frame.sequence,
	         last = batch_record_last(&batch->records[batch->count - 1]);
	if (first > in->committed + 1)
		return err_at(ERR_SEQUENCE_GAP, "first_sequence",
		        "records begin with %" PRIu64 " but %" PRIu64 " is next: ship from there", first,
		        in->committed + 1);
	for (size_t i = 0; i < batch->count; i++) { // also of an attempt before
		batch->records[i].known = batch_record_last(&batch->records[i]) <= in->committed;
		batch->records[i].repeated = false;
	}
	if (last <= in->committed)
		return OK;
	TRY(batch_drop_erased(pg, &in->source, batch, in->arena));
	TRY(dedupe_events(pg, &in->source, batch, in->arena));
	TRY(batch_write(pg, &in->source, batch, in->arena));
	return move_cursor(pg, in, last);
}

// --- figures ---

static struct {
	atomic_uint_fast64_t batches, records, rows, rejects;
} taken;

// After the commit; what was known before counts for nothing.
static void count(const Batch *batch)
{
	uint64_t fresh = 0, rows = 0, rejects = 0;
	for (size_t i = 0; i < batch->count; i++) {
		fresh += !batch->records[i].known;
		rejects += !batch->records[i].known && batch->records[i].reason != NULL;
		rows += effects_apart(&batch->records[i]);
	}
	for (size_t i = 0; i < batch->fact_count; i++)
		rows += !batch->facts[i].record->known;
	atomic_fetch_add(&taken.batches, fresh > 0);
	atomic_fetch_add(&taken.records, fresh);
	atomic_fetch_add(&taken.rows, rows);
	atomic_fetch_add(&taken.rejects, rejects);
}

void history_metrics(Metrics *metrics)
{
	metrics_counter(metrics, "parley_ingest_batches_total",
	        "Batches of journal records that were taken in.", atomic_load(&taken.batches));
	metrics_counter(
	        metrics, "parley_ingest_records_total", "Their records.", atomic_load(&taken.records));
	metrics_counter(metrics, "parley_ingest_rows_total", "Rows of history made of them.",
	        atomic_load(&taken.rows));
	metrics_counter(metrics, "parley_ingest_rejects_total",
	        "Records that cannot be history; they are kept in ingest_reject.",
	        atomic_load(&taken.rejects));
}

// --- the calls ---

// A certificate speaks for one runtime server of one environment.
static Err check_peer(const Principal *who, const char *runtime_id, const char *environment)
{
	if (!str_eq(who->runtime_id, str(runtime_id)))
		return err_at(ERR_PERMISSION_DENIED, "runtime_id",
		        "the certificate is of runtime \"" STR_FMT
		        "\": a runtime server ships its own journal",
		        STR_ARG(who->runtime_id));
	if (environment != NULL && !str_eq(who->environment, str(environment)))
		return err_at(ERR_PERMISSION_DENIED, "environment",
		        "the certificate is of environment \"" STR_FMT "\": give that one",
		        STR_ARG(who->environment));
	return OK;
}

static Err check_incarnation(uint64_t incarnation)
{
	return incarnation >= 1 && incarnation <= INT64_MAX
	               ? OK
	               : err_at(ERR_FIELD_INVALID, "incarnation",
	                         "an incarnation is a number from 1 to 2^63 - 1");
}

static Err read_cursor(Pg *pg, void *context)
{
	Ingest *in = context;
	CLEANUP(pg_result_freep) PgResult *cursor = NULL;
	TRY(SQL_RUN(pg, &cursor, ship_cursor_get, P_TEXT(in->source.environment),
	        P_TEXT(in->source.runtime_id), P_I64((int64_t)in->source.incarnation)));
	in->committed = pg_rows(cursor) > 0 ? (uint64_t)pg_i64(cursor, 0, 0) : 0;
	return OK;
}

static Ingest ingest_of(const Services *services, RpcCall *call, uint64_t incarnation)
{
	const Principal *who = rpc_principal(call);
	return (Ingest){
	        .source = {.environment = who->environment,
	                .runtime_id = who->runtime_id,
	                .incarnation = incarnation,
	                .now_us = clock_now_us(services->clock)},
	        .arena = rpc_arena(call),
	};
}

static Err get_cursor(
        const Services *services, RpcCall *call, const GetCursorRequest *request, GetCursorResponse *response)
{
	TRY(check_peer(rpc_principal(call), request->runtime_id, NULL));
	TRY(check_incarnation(request->incarnation));
	Ingest in = ingest_of(services, call, request->incarnation);
	TRY(store_read(services->ingest, read_cursor, &in));
	response->committed_sequence = in.committed;
	return OK;
}

static Err read_and_take_in(const Services *services, const BatchClaim *claim, Turn *turn, Ingest *in)
{
	TRY(batch_read(claim, in->arena, &in->batch));
	turn_wait(turn, STORE_TIMEOUT_MS);
	Err e = store_transact(services->ingest, take_in, in);
	if (e == ERR_SEQUENCE_GAP && turn_wait_for_another(turn, GAP_PATIENCE_MS))
		e = store_transact(services->ingest, take_in, in);
	if (e == OK)
		count(&in->batch);
	return e;
}

static Err ship_records(const Services *services, RpcCall *call, const ShipRecordsRequest *request,
        ShipRecordsResponse *response)
{
	TRY(check_peer(rpc_principal(call), request->runtime_id, request->environment));
	TRY(check_incarnation(request->incarnation));
	if (request->records.len == 0 || request->records.len > HISTORY_SHIP_MAX)
		return err_at(
		        ERR_FIELD_INVALID, "records", "send 1 to %d bytes of records", HISTORY_SHIP_MAX);
	Ingest in = ingest_of(services, call, request->incarnation);
	BatchClaim claim = {
	        .runtime_id = in.source.runtime_id,
	        .incarnation = request->incarnation,
	        .first_sequence = request->first_sequence,
	        .frames = str_n((const char *)request->records.data, request->records.len),
	};
	int64_t begun_us = rpc_begun_us(call);
	Turn turn;
	turn_begin(&turn, &in.source, claim.first_sequence);
	Err e = read_and_take_in(services, &claim, &turn, &in);
	turn_end(&turn);
	if (e == OK)
		traced_tell(services->tracer, &in.source, &in.batch, begun_us);
	if (e == OK && in.batch.late_count > 0)
		matcher_wake(services->matcher);
	response->committed_sequence = in.committed;
	return e;
}

void ingest_get_cursor(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	GetCursorResponse response = PARLEY__DESIGN__V1__GET_CURSOR_RESPONSE__INIT;
	Err e = get_cursor(service, call, (const GetCursorRequest *)request, &response);
	rpc_answer(call, e, &response.base);
}

void ingest_ship_records(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	ShipRecordsResponse response = PARLEY__DESIGN__V1__SHIP_RECORDS_RESPONSE__INIT;
	Err e = ship_records(service, call, (const ShipRecordsRequest *)request, &response);
	rpc_answer(call, e, &response.base);
}
