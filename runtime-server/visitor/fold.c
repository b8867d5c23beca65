// The journal again, from where the checkpoint ends: each record goes to its shard as it once did, unless the
// shard's part of the checkpoint has it already.
#include "visitor/internal.h"

#include "base/cleanup.h"
#include "wire/wire.h"

typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Journal__V1__EventPosted EventPosted;

enum { PIECE = 4 << 20, ARENA_BLOCK = 64 << 10 };

// Whether the shard, which ends at `until`, is to have no more of this life.
static bool is_beyond(const Fold *fold, const JournalRecord *record, uint64_t until)
{
	const Positions *rebuilt = fold->visitors->rebuilt;
	return rebuilt != NULL && record->incarnation == rebuilt->incarnation && record->sequence > until;
}

static uint64_t shard_until(const Visitors *visitors, const Shard *shard)
{
	return visitors->rebuilt != NULL ? visitors->rebuilt->shards[shard - visitors->shards] : 0;
}

static uint64_t treatments_until(const Visitors *visitors, const TreatmentShard *shard)
{
	return visitors->rebuilt != NULL ? visitors->rebuilt->treatments[shard - visitors->treatments] : 0;
}

static Err fold_event(Fold *fold, const EventPosted *event, const Entry *entry, const JournalRecord *record)
{
	Visitors *visitors = fold->visitors;
	Change change;
	TRY(change_of(visitors, event, entry->context, record->event_id, fold->scratch, &change));
	Shard *shard = shard_of(visitors, change.hash);
	if (change.count == 0 || record->sequence <= shard->position ||
	        is_beyond(fold, record, shard_until(visitors, shard)) ||
	        shard_event_known(shard, change.event))
		return OK;
	Known *known = shard_reserve(visitors, shard, &change);
	if (known == NULL)
		return err(ERR_NO_MEMORY, "no memory to fold the journal into visitor state");
	shard_apply(visitors, shard, &change, known);
	return OK;
}

static Err fold_treatments(
        Fold *fold, Str code, size_t count, const Entry *entry, const JournalRecord *record)
{
	Str payload = record->payload;
	uint64_t key = 0;
	TreatmentShard *shard = treatment_shard_of(fold->visitors, code, &key);
	if (shard == NULL || record->sequence <= shard->position ||
	        is_beyond(fold, record, treatments_until(fold->visitors, shard)))
		return OK;
	TRY(treatments_reserve(fold->visitors, shard));
	payload.len -= entry_behind(entry, payload);
	treatments_put(fold->visitors, shard, key, count, payload);
	return OK;
}

// --- a visitor who was erased ---

typedef Parley__Journal__V1__VisitorErased VisitorErased;

static void fold_forget(
        Fold *fold, const Name *place, const VisitorErased *erased, const JournalRecord *record)
{
	Visitors *visitors = fold->visitors;
	bool same = erased->hash_seed == visitors->seed;
	for (size_t i = 0; i < VISITOR_SHARDS; i++) {
		Shard *shard = same ? shard_of(visitors, erased->hash) : &visitors->shards[i];
		if (record->sequence > shard->position &&
		        !is_beyond(fold, record, shard_until(visitors, shard)))
			(void)shard_erase(shard, place, erased->hash_seed, erased->hash);
		if (same)
			break;
	}
}

static void fold_blank(Fold *fold, Str code, const JournalRecord *record)
{
	uint64_t key = 0;
	TreatmentShard *shard = treatment_shard_of(fold->visitors, code, &key);
	if (shard != NULL && record->sequence > shard->position &&
	        !is_beyond(fold, record, treatments_until(fold->visitors, shard)))
		(void)treatments_blank(fold->visitors, shard, key, code);
}

static Err fold_erased(Fold *fold, const Entry *entry, const JournalRecord *record)
{
	const VisitorErased *erased = entry->visitor_erased;
	Name *place = NULL;
	if (erased->hash != 0 && entry->context != NULL) {
		TRY(names_add(fold->visitors->places, str(entry->context->channel),
		        str(entry->context->audience_level), &place));
		fold_forget(fold, place, erased, record);
	}
	for (size_t i = 0; i < erased->n_treatment_codes; i++)
		fold_blank(fold, str(erased->treatment_codes[i]), record);
	return OK;
}

static Err fold_entry(Fold *fold, const Entry *entry, const JournalRecord *record)
{
	size_t count = 0;
	Str code = entry_treatment(entry, &count);
	if (code.len > 0)
		return fold_treatments(fold, code, count, entry, record);
	if (entry->what_case == PARLEY__JOURNAL__V1__ENTRY__WHAT_VISITOR_ERASED)
		return fold_erased(fold, entry, record);
	EventPosted scratch;
	const EventPosted *event = entry_event(entry, &scratch);
	return event != NULL && entry->context != NULL ? fold_event(fold, event, entry, record) : OK;
}

// What cannot be read is passed by and counted: the journal's own damage has been told by its recovery.
Err fold_record(Fold *fold, const JournalRecord *record)
{
	ProtobufCMessage *message = NULL;
	fold->any = true;
	if (record->lost_until != 0) {
		fold->visitors->unaccounted += record->lost_until - record->sequence + 1;
		return OK;
	}
	arena_reset(fold->scratch);
	Err e = wire_unpack(
	        &parley__journal__v1__entry__descriptor, record->payload, 0, fold->scratch, &message);
	if (e == OK)
		e = fold_entry(fold, (const Entry *)message, record);
	if (e == OK || e == ERR_NO_MEMORY)
		return e;
	fold->visitors->unaccounted++;
	return OK;
}

static Err fold_piece(Fold *fold, uint64_t incarnation, uint64_t *next, bool *ret_more)
{
	Str frames = {0};
	uint64_t count = 0;
	arena_reset(fold->piece);
	TRY(journal_read(
	        fold->visitors->options.journal, incarnation, *next, PIECE, fold->piece, &frames, &count));
	*ret_more = count > 0;
	while (frames.len > 0) {
		JournalRecord record;
		TRY(journal_record_parse(&frames, &record));
		TRY(fold_record(fold, &record));
		*next = (record.lost_until ? record.lost_until : record.sequence) + 1;
	}
	return OK;
}

static Err fold_life(Fold *fold, uint64_t incarnation, uint64_t next)
{
	uint64_t first = journal_first(fold->visitors->options.journal, incarnation);
	if (first > next) {
		fold->visitors->unaccounted += first - next;
		next = first;
	}
	for (bool more = true; more;)
		TRY(fold_piece(fold, incarnation, &next, &more));
	return OK;
}

void fold_next_life(Visitors *visitors)
{
	for (size_t i = 0; i < VISITOR_SHARDS; i++)
		visitors->shards[i].position = 0;
	for (size_t i = 0; i < TREATMENT_SHARDS; i++)
		visitors->treatments[i].position = 0;
}

Err visitors_fold(Visitors *visitors, const Coverage *from, bool *ret_any)
{
	CLEANUP(arena_freep) Arena *piece = arena_new(ARENA_BLOCK, 0);
	CLEANUP(arena_freep) Arena *scratch = arena_new(ARENA_BLOCK, 0);
	Journal *journal = visitors->options.journal;
	Fold fold = {.visitors = visitors, .piece = piece, .scratch = scratch};
	if (piece == NULL || scratch == NULL)
		return err(ERR_NO_MEMORY, "no memory to fold the journal into visitor state");
	uint64_t before = from->incarnation > 0 ? from->incarnation - 1 : 0, life;
	while ((life = journal_next_incarnation(journal, before)) != 0) {
		bool same = life == from->incarnation;
		if (!same)
			fold_next_life(visitors);
		TRY(fold_life(&fold, life, same ? from->sequence + 1 : 1));
		before = life;
	}
	fold_next_life(visitors);
	*ret_any = fold.any;
	return OK;
}
