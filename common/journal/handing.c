// The journal of a rehearsal: everything behind journal.h that records have to pass is here, but the disk.
// What is handed on lasts as far as anybody can tell, so it counts as durable at once.
#include "journal/internal.h"

Err journal_handing(Str runtime_id, uint64_t incarnation, JournalTake take, void *context, Journal **ret)
{
	Journal *journal = NULL;
	if (runtime_id.len == 0 || runtime_id.len > JOURNAL_RUNTIME_ID_MAX)
		return err(ERR_CONFIG_INVALID, "a journal needs a runtime ID of 1 to %d bytes",
		        JOURNAL_RUNTIME_ID_MAX);
	TRY(journal_alloc(&(JournalOptions){.dir = "", .runtime_id = runtime_id}, &journal));
	journal->incarnation = incarnation;
	journal->take = take;
	journal->take_context = context;
	*ret = journal;
	return OK;
}

Err journal_hand(Journal *journal, JournalRecord *record, JournalDone done, void *context)
{
	record->sequence = journal->next_sequence;
	TRY(journal->take(journal->take_context, record));
	journal->next_sequence++;
	atomic_store_explicit(&journal->durable, record->sequence, memory_order_relaxed);
	if (done != NULL)
		done(context, OK);
	return OK;
}
