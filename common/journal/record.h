// A record as bytes; the format is in README.md. Parsing is journal_record_parse in journal.h.
#pragma once
#include "journal/journal.h"

enum {
	RECORD_HEADER = 32,
	RECORD_MAX = RECORD_HEADER + JOURNAL_RUNTIME_ID_MAX + JOURNAL_EVENT_ID_MAX + JOURNAL_PAYLOAD_MAX,
	RECORD_LOSS_MAX = RECORD_HEADER + JOURNAL_RUNTIME_ID_MAX + 8,
};

// The bytes that a record with these parts takes.
size_t record_size(Str runtime_id, Str event_id, Str payload);
// Writes the entry to `out`, which has room for record_size.
void record_encode(const JournalRecord *record, uint8_t *out);
// Writes a loss record of `record->sequence` … `record->lost_until`; returns its size, at most
// RECORD_LOSS_MAX.
size_t record_encode_loss(const JournalRecord *record, uint8_t *out);
// The last sequence that the record speaks for.
static inline uint64_t record_last(const JournalRecord *record)
{
	return record->lost_until ? record->lost_until : record->sequence;
}
