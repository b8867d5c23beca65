// Exactly once, in one transaction: lock the journal's cursor; refuse a gap, skip what is known; skip events
// whose ID is known; rows; cursor; commit. A runtime that does not learn the outcome asks for the cursor or
// just sends again.
#include "history/ingest.h"

#include "base/cleanup.h"
#include "history/write.h"

#include <inttypes.h>
#include <stdlib.h>

typedef Parley__Design__V1__GetCursorRequest GetCursorRequest;
typedef Parley__Design__V1__GetCursorResponse GetCursorResponse;
typedef Parley__Design__V1__ShipRecordsRequest ShipRecordsRequest;
typedef Parley__Design__V1__ShipRecordsResponse ShipRecordsResponse;

typedef struct Ingest {
	BatchSource source;
	Batch batch;
	Arena *arena;
	uint64_t committed;
} Ingest;

// --- events that are known ---

static int by_text(const void *left, const void *right)
{
	return str_cmp(*(const Str *)left, *(const Str *)right);
}

static bool has_event_id(const BatchRecord *record)
{
	return record->entry != NULL && !record->known && record->frame.event_id.len > 0;
}

// The new ones of the IDs, sorted. An ID that is twice in the batch comes back once.
static Err add_event_ids(Pg *pg, const Ingest *in, const Str *ids, size_t count, Str **ret, size_t *ret_count)
{
	CLEANUP(pg_result_freep) PgResult *added = NULL;
	TRY(SQL_RUN(pg, &added, event_dedupe_add, P_TEXT(in->source.environment), P_TEXTS(ids, count),
	        P_TIME(in->source.now_us)));
	*ret_count = pg_rows(added);
	*ret = ARENA_ARRAY(in->arena, Str, *ret_count + 1);
	if (*ret == NULL)
		return err(ERR_NO_MEMORY, "no memory for a batch of events");
	for (size_t i = 0; i < *ret_count; i++)
		(*ret)[i] = arena_str(in->arena, pg_text(added, i, 0));
	qsort(*ret, *ret_count, sizeof **ret, by_text);
	return OK;
}

// The first record with a new ID takes it; the others are known.
static void mark_known_events(Batch *batch, const Str *new_ids, bool *taken, size_t count)
{
	for (size_t i = 0; i < batch->count; i++) {
		BatchRecord *record = &batch->records[i];
		if (!has_event_id(record))
			continue;
		const Str *found = bsearch(&record->frame.event_id, new_ids, count, sizeof *new_ids, by_text);
		record->known = found == NULL || taken[found - new_ids];
		if (found != NULL)
			taken[found - new_ids] = true;
	}
}

static Err skip_known_events(Pg *pg, Ingest *in)
{
	Str *ids = ARENA_ARRAY(in->arena, Str, in->batch.count + 1), *new_ids = NULL;
	bool *taken = ARENA_ARRAY(in->arena, bool, in->batch.count + 1);
	size_t count = 0, new_count = 0;
	if (ids == NULL || taken == NULL)
		return err(ERR_NO_MEMORY, "no memory for a batch of events");
	for (size_t i = 0; i < in->batch.count; i++) {
		const BatchRecord *record = &in->batch.records[i];
		if (!has_event_id(record))
			continue;
		ids[count++] = record->frame.event_id;
	}
	if (count == 0)
		return OK;
	qsort(ids, count, sizeof *ids,
	        by_text); // two batches with the same events then wait, and do not deadlock
	TRY(add_event_ids(pg, in, ids, count, &new_ids, &new_count));
	mark_known_events(&in->batch, new_ids, taken, new_count);
	return OK;
}

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
	if (last <= in->committed)
		return OK;
	for (size_t i = 0; i < batch->count; i++)
		batch->records[i].known = batch_record_last(&batch->records[i]) <= in->committed;
	TRY(skip_known_events(pg, in));
	TRY(batch_write(pg, &in->source, batch, in->arena));
	return move_cursor(pg, in, last);
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
	TRY(store_read(services->store, read_cursor, &in));
	response->committed_sequence = in.committed;
	return OK;
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
	TRY(batch_read(&claim, in.arena, &in.batch));
	TRY(store_transact(services->store, take_in, &in));
	response->committed_sequence = in.committed;
	return OK;
}

void ingest_get_cursor(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	GetCursorResponse response = PARLEY__DESIGN__V1__GET_CURSOR_RESPONSE__INIT;
	Err e = get_cursor(service, call, (const GetCursorRequest *)request, &response);
	if (e == OK)
		rpc_reply(call, &response.base);
	else
		rpc_fail(call, e);
}

void ingest_ship_records(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	ShipRecordsResponse response = PARLEY__DESIGN__V1__SHIP_RECORDS_RESPONSE__INIT;
	Err e = ship_records(service, call, (const ShipRecordsRequest *)request, &response);
	if (e == OK)
		rpc_reply(call, &response.base);
	else
		rpc_fail(call, e);
}
