// Each table has a row below: its COPY, and what follows the columns that all share. Facts of one table are
// written in one COPY; a batch touches a table only if it has something for it.
#include "history/write.h"

#include "history/effects.h"
#include "store/store.h"

enum { COMMON_COLUMNS = 12, COLUMNS_MAX = 32, LATE_COLUMNS = 25 };

typedef Parley__Journal__V1__Entry Entry;

// The row being made. `next` is the next free column.
typedef struct Row {
	PgParam values[COLUMNS_MAX];
	size_t next;
	Str *segments; // room for any session's
} Row;

static void add(Row *row, PgParam value)
{
	row->values[row->next++] = value;
}

static void add_common(Row *row, const BatchSource *source, const Fact *fact)
{
	const Parley__Journal__V1__Context *context = fact->record->entry->context;
	const ProtobufCBinaryData *digest = &context->snapshot_digest;
	add(row, P_TIME(context->time_us));
	add(row, P_I64((int64_t)source->incarnation));
	add(row, P_I64((int64_t)fact->record->frame.sequence));
	add(row, P_I64(fact->position));
	add(row, P_I64((int64_t)context->snapshot_version));
	add(row, P_TEXT(source->environment));
	add(row, P_TEXT(source->runtime_id));
	add(row, P_CTEXT(context->channel));
	add(row, P_CTEXT(context->session_id));
	add(row, P_CTEXT(context->audience_level));
	add(row, P_CTEXT(context->audience_id));
	add(row, P_BYTES(str_n((const char *)digest->data, digest->len)));
}

static void add_recommendation(Row *row, const Fact *fact)
{
	static const Parley__Journal__V1__RecommendedOffer none =
	        PARLEY__JOURNAL__V1__RECOMMENDED_OFFER__INIT;
	const Parley__Journal__V1__Recommendation *made = fact->record->entry->recommendation;
	const Parley__Journal__V1__RecommendedOffer *offer =
	        made->n_offers > 0 ? made->offers[fact->position] : &none;
	add(row, P_I64(offer->rank));
	add(row, P_F64(offer->score));
	add(row, P_I64((int64_t)made->seed));
	add(row, P_CTEXT(made->interaction_point));
	add(row, P_CTEXT(made->zone));
	add(row, P_CTEXT(offer->treatment_code));
	add(row, P_CTEXT(offer->offer_code));
	add(row, P_CTEXT(offer->treatment_rule));
	add(row, P_CTEXT(offer->segment));
	add(row, P_CTEXT(offer->campaign));
	add(row, P_CTEXT(offer->cell));
	add(row, P_CTEXT(offer->origin));
	const ProtobufCBinaryData *receipt = &fact->record->entry->receipt;
	bool told = receipt->len > 0 && fact->position == 0;
	add(row, told ? P_BYTES(str_n((const char *)receipt->data, receipt->len)) : P_NULL);
}

static void add_event(Row *row, const Fact *fact)
{
	const Parley__Journal__V1__EventPosted *event = fact->record->entry->event_posted;
	add(row, P_TEXT(fact->record->frame.event_id));
	add(row, P_CTEXT(event->event));
	add(row, P_CTEXT(event->category));
	add(row, P_CTEXT(event->interaction_point));
	add(row, P_CTEXT(event->zone));
	add(row, P_CTEXT(event->treatment_code));
	add(row, P_CTEXT(event->offer_code));
	add(row, P_CTEXT(event->treatment_rule));
	add(row, P_CTEXT(event->segment));
	add(row, P_CTEXT(event->campaign));
	add(row, P_CTEXT(event->cell));
	add(row, P_CTEXT(event->cause_event_id));
	add(row, P_CTEXT(event->treatment_audience_level));
	add(row, P_CTEXT(event->treatment_audience_id));
	bool told = fact->record->effects_told && fact->position == 0;
	add(row, told ? P_BYTES(fact->record->effects) : P_NULL);
}

static void add_response(Row *row, const Fact *fact)
{
	add_event(row, fact);
	add(row, P_CTEXT(fact->kind == FACT_ACCEPT ? "accept" : "reject"));
}

static void add_session(Row *row, const Fact *fact)
{
	const Entry *entry = fact->record->entry;
	bool start = fact->kind == FACT_SESSION_START;
	size_t segments = start ? entry->session_started->n_segments : 0;
	for (size_t i = 0; i < segments; i++)
		row->segments[i] = str(entry->session_started->segments[i]);
	add(row, P_CTEXT(start ? "start" : "end"));
	add(row, P_CTEXT(start ? entry->session_started->profile : ""));
	add(row, P_CTEXT(start ? "" : entry->session_ended->cause));
	add(row, P_TEXTS(row->segments, segments));
}

static void add_cell(Row *row, const Fact *fact)
{
	add(row, P_CTEXT(fact->cell->campaign));
	add(row, P_CTEXT(fact->cell->cell));
	add(row, P_CTEXT(fact->cell->control_cell));
	add(row, P_BOOL(fact->held_out));
}

static const struct HistoryTable {
	const char *copy;
	size_t columns; // beyond the common ones
	void (*add)(Row *row, const Fact *fact);
	unsigned kinds; // which facts it takes, as bits
} tables[] = {
        {sql_recommendation_copy, 13, add_recommendation, 1U << FACT_RECOMMENDATION},
        {sql_contact_history_copy, 15, add_event, 1U << FACT_CONTACT},
        {sql_response_history_copy, 16, add_response, 1U << FACT_ACCEPT | 1U << FACT_REJECT},
        {sql_event_history_copy, 15, add_event, 1U << FACT_EVENT},
        {sql_session_history_copy, 4, add_session, 1U << FACT_SESSION_START | 1U << FACT_SESSION_END},
        {sql_cell_history_copy, 4, add_cell, 1U << FACT_CELL},
};

static Err copy_facts(Pg *pg, const BatchSource *source, const Batch *batch, const struct HistoryTable *table,
        Str *segments)
{
	bool begun = false;
	for (size_t i = 0; i < batch->fact_count; i++) {
		const Fact *fact = &batch->facts[i];
		if ((table->kinds & 1U << fact->kind) == 0 || fact->record->known)
			continue;
		if (!begun)
			TRY(pg_copy_begin(
			        pg, STORE_TIMEOUT_MS, table->copy, COMMON_COLUMNS + table->columns));
		begun = true;
		Row row = {.segments = segments};
		add_common(&row, source, fact);
		table->add(&row, fact);
		TRY(pg_copy_row(pg, row.values));
	}
	return begun ? pg_copy_end(pg, STORE_TIMEOUT_MS) : OK;
}

static const char *code_kind(Parley__Journal__V1__ResponseCode kind)
{
	return kind == PARLEY__JOURNAL__V1__RESPONSE_CODE__RESPONSE_CODE_TREATMENT ? "treatment"
	       : kind == PARLEY__JOURNAL__V1__RESPONSE_CODE__RESPONSE_CODE_OFFER   ? "offer"
	                                                                           : "custom";
}

static Err copy_late_row(Pg *pg, const BatchSource *source, const BatchRecord *record)
{
	const Parley__Journal__V1__Context *context = record->entry->context;
	const Parley__Journal__V1__ResponsePosted *posted = record->entry->response_posted;
	const ProtobufCBinaryData *digest = &context->snapshot_digest;
	return pg_copy_row(pg, (const PgParam[]){
	                               P_TEXT(source->environment),
	                               P_CTEXT("runtime"),
	                               P_TEXT(source->runtime_id),
	                               P_I64((int64_t)source->incarnation),
	                               P_I64((int64_t)record->frame.sequence),
	                               P_TEXT(record->frame.event_id),
	                               P_CTEXT(context->channel),
	                               P_CTEXT(code_kind(posted->code_kind)),
	                               P_CTEXT(posted->code),
	                               P_CTEXT(context->audience_level),
	                               P_CTEXT(context->audience_id),
	                               P_CTEXT(posted->response),
	                               P_TIME(posted->responded_us),
	                               P_TIME(source->now_us),
	                               P_BOOL(posted->known),
	                               posted->known ? P_TIME(posted->recommended_us) : P_NULL,
	                               P_I64((int64_t)context->snapshot_version),
	                               P_BYTES(str_n((const char *)digest->data, digest->len)),
	                               P_CTEXT(posted->offer_code),
	                               P_CTEXT(posted->treatment_rule),
	                               P_CTEXT(posted->segment),
	                               P_CTEXT(posted->interaction_point),
	                               P_CTEXT(posted->zone),
	                               P_CTEXT(posted->campaign),
	                               P_CTEXT(posted->cell),
	                       });
}

// An outcome that an event logged: its treatment is known, and the matcher only has to find its place on the
// path.
static Err copy_outcome_row(Pg *pg, const BatchSource *source, const BatchRecord *record)
{
	const Parley__Journal__V1__Context *context = record->entry->context;
	const Parley__Journal__V1__EventPosted *event = record->entry->event_posted;
	const ProtobufCBinaryData *digest = &context->snapshot_digest;
	bool other = event->treatment_audience_level[0] != '\0';
	return pg_copy_row(
	        pg, (const PgParam[]){
	                    P_TEXT(source->environment),
	                    P_CTEXT("event"),
	                    P_TEXT(source->runtime_id),
	                    P_I64((int64_t)source->incarnation),
	                    P_I64((int64_t)record->frame.sequence),
	                    P_TEXT(record->frame.event_id),
	                    P_CTEXT(context->channel),
	                    P_CTEXT("treatment"),
	                    P_CTEXT(event->treatment_code),
	                    P_CTEXT(other ? event->treatment_audience_level : context->audience_level),
	                    P_CTEXT(other ? event->treatment_audience_id : context->audience_id),
	                    P_CTEXT(event->outcome),
	                    P_TIME(context->time_us),
	                    P_TIME(source->now_us),
	                    P_BOOL(true),
	                    P_TIME(context->time_us),
	                    P_I64((int64_t)context->snapshot_version),
	                    P_BYTES(str_n((const char *)digest->data, digest->len)),
	                    P_CTEXT(event->offer_code),
	                    P_CTEXT(event->treatment_rule),
	                    P_CTEXT(event->segment),
	                    P_CTEXT(event->interaction_point),
	                    P_CTEXT(event->zone),
	                    P_CTEXT(event->campaign),
	                    P_CTEXT(event->cell),
	            });
}

// Responses without a session, and outcomes: the matcher's queue.
static Err copy_late(Pg *pg, const BatchSource *source, const Batch *batch)
{
	bool begun = false;
	for (size_t i = 0; i < batch->fact_count && batch->late_count > 0; i++) {
		const Fact *fact = &batch->facts[i];
		bool outcome = fact->kind == FACT_OUTCOME;
		if ((fact->kind != FACT_LATE && !outcome) || fact->record->known)
			continue;
		if (!begun)
			TRY(pg_copy_begin(pg, STORE_TIMEOUT_MS, sql_late_response_copy, LATE_COLUMNS));
		begun = true;
		TRY((outcome ? copy_outcome_row : copy_late_row)(pg, source, fact->record));
	}
	return begun ? pg_copy_end(pg, STORE_TIMEOUT_MS) : OK;
}

static Err copy_reject(Pg *pg, const BatchSource *source, const BatchRecord *record)
{
	return pg_copy_row(pg, (const PgParam[]){
	                               P_TIME(source->now_us),
	                               P_TEXT(source->environment),
	                               P_TEXT(source->runtime_id),
	                               P_I64((int64_t)source->incarnation),
	                               P_I64((int64_t)record->frame.sequence),
	                               P_I64((int64_t)batch_record_last(record)),
	                               P_CTEXT(record->reason),
	                               P_BYTES(record->frame.frame),
	                       });
}

static Err copy_rejects(Pg *pg, const BatchSource *source, const Batch *batch)
{
	bool begun = false;
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->records[i].reason == NULL || batch->records[i].known)
			continue;
		if (!begun)
			TRY(pg_copy_begin(pg, STORE_TIMEOUT_MS, sql_ingest_reject_copy, 8));
		begun = true;
		TRY(copy_reject(pg, source, &batch->records[i]));
	}
	return begun ? pg_copy_end(pg, STORE_TIMEOUT_MS) : OK;
}

// A batch lies within a month but for the two around midnight; a set clock may make it a few more.
static Err make_months(Pg *pg, const Batch *batch)
{
	int64_t asked = INT64_MIN;
	for (size_t i = 0; i < batch->count; i++) {
		const BatchRecord *record = &batch->records[i];
		if (record->entry == NULL || (record->known && !record->repeated))
			continue;
		int64_t time_us = record->entry->context->time_us;
		if (time_us / (US_PER_S * 86400) == asked)
			continue;
		asked = time_us / (US_PER_S * 86400);
		TRY(SQL_RUN(pg, NULL, history_month_make, P_TIME(time_us)));
	}
	return OK;
}

static size_t most_segments(const Batch *batch)
{
	size_t most = 0;
	for (size_t i = 0; i < batch->fact_count; i++) {
		const Fact *fact = &batch->facts[i];
		if (fact->kind == FACT_SESSION_START &&
		        fact->record->entry->session_started->n_segments > most)
			most = fact->record->entry->session_started->n_segments;
	}
	return most;
}

Err batch_write(Pg *pg, const BatchSource *source, const Batch *batch, Arena *arena)
{
	Str *segments = ARENA_ARRAY(arena, Str, most_segments(batch) + 1);
	if (segments == NULL)
		return err(ERR_NO_MEMORY, "no memory for a batch of records");
	TRY(make_months(pg, batch));
	for (size_t i = 0; i < ARRAY_COUNT(tables); i++)
		TRY(copy_facts(pg, source, batch, &tables[i], segments));
	TRY(effects_write(pg, source, batch, arena));
	TRY(copy_late(pg, source, batch));
	return copy_rejects(pg, source, batch);
}
