// Reading for shipping. What is durable is known from the list of segments; the disk is read without any lock
// that the committer takes, so a slow read delays nobody's acknowledgement.
#include "journal/internal.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

uint64_t journal_wait(Journal *journal, uint64_t after, int timeout_ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + (int64_t)timeout_ms % 1000 * 1000000;
	until.tv_sec += timeout_ms / 1000 + (time_t)(ns / 1000000000);
	until.tv_nsec = (long)(ns % 1000000000);
	pthread_mutex_lock(&journal->lock);
	int late = 0;
	while (late == 0 && !journal->closing && atomic_load(&journal->durable) <= after)
		late = pthread_cond_timedwait(&journal->moved, &journal->lock, &until);
	pthread_mutex_unlock(&journal->lock);
	return journal_durable(journal);
}

uint64_t journal_next_incarnation(const Journal *journal, uint64_t incarnation)
{
	Journal *j = (Journal *)(uintptr_t)journal; // the lock is no part of the value
	uint64_t next = 0;
	pthread_mutex_lock(&j->folder_lock);
	for (size_t i = 0; i < j->segments.count && next == 0; i++) {
		const Segment *segment = &j->segments.items[i];
		if (segment->incarnation > incarnation && segment->last >= segment->first)
			next = segment->incarnation;
	}
	pthread_mutex_unlock(&j->folder_lock);
	return next;
}

uint64_t journal_first(const Journal *journal, uint64_t incarnation)
{
	Journal *j = (Journal *)(uintptr_t)journal; // the lock is no part of the value
	uint64_t first = 0;
	pthread_mutex_lock(&j->folder_lock);
	for (size_t i = 0; i < j->segments.count && first == 0; i++) {
		const Segment *segment = &j->segments.items[i];
		if (segment->incarnation == incarnation && segment->last >= segment->first)
			first = segment->first;
	}
	pthread_mutex_unlock(&j->folder_lock);
	return first;
}

// The segment that has the sequence. Not found and OK: it is not there yet.
static Err find_segment(Journal *j, uint64_t incarnation, uint64_t sequence, Segment *ret, bool *ret_found)
{
	uint64_t oldest = 0;
	*ret_found = false;
	pthread_mutex_lock(&j->folder_lock);
	for (size_t i = 0; i < j->segments.count && !*ret_found; i++) {
		const Segment *segment = &j->segments.items[i];
		if (segment->incarnation != incarnation)
			continue;
		oldest = oldest ? oldest : segment->first;
		*ret_found = segment->first <= sequence && sequence <= segment->last;
		*ret = *segment;
	}
	pthread_mutex_unlock(&j->folder_lock);
	if (sequence < oldest)
		return err(ERR_JOURNAL_CORRUPT,
		        "record %" PRIu64 " of incarnation %" PRIu64
		        " is asked for, but the journal %s begins with %" PRIu64
		        ": the design server has lost what it had committed; restore its database to a later "
		        "state",
		        sequence, incarnation, j->options.dir, oldest);
	return OK;
}

typedef struct Reading {
	Str bytes;      // a piece of the segment
	Str kept;       // whole frames from the wanted one on
	uint64_t count; // in `kept`
	uint64_t last;  // sequence of the last frame looked at
	int64_t next;   // offset in the segment behind it
} Reading;

// Splits the piece at `offset` into frames and keeps those from `first` on, up to `max` bytes.
static Err pick_frames(Reading *reading, const Segment *segment, int64_t offset, uint64_t first, size_t max)
{
	Str rest = reading->bytes;
	bool to_end = offset + (int64_t)rest.len == segment->bytes;
	reading->next = offset;
	while (rest.len > 0) {
		JournalRecord record;
		Err e = journal_record_parse(&rest, &record);
		if (e != OK && !to_end && rest.len < RECORD_MAX)
			return OK; // the piece ends in the middle of it
		TRY(e);
		if (record_last(&record) >= first) {
			if (reading->kept.len + record.frame.len > max)
				return reading->count > 0
				               ? OK
				               : err(ERR_LIMIT,
				                         "a journal record of %zu bytes does not fit in %zu",
				                         record.frame.len, max);
			reading->kept.ptr = reading->count == 0 ? record.frame.ptr : reading->kept.ptr;
			reading->kept.len += record.frame.len;
			reading->count++;
		}
		reading->last = record_last(&record);
		reading->next += (int64_t)record.frame.len;
	}
	return OK;
}

static Err read_pieces(
        Journal *j, int fd, const Segment *segment, uint64_t first, size_t max, Str space, Reading *reading)
{
	bool known = j->read_next.incarnation == segment->incarnation && j->read_next.sequence == first;
	int64_t offset = known ? j->read_offset : 0;
	while (reading->count == 0 && offset < segment->bytes) {
		size_t want = (size_t)(segment->bytes - offset), got = 0;
		want = want < space.len ? want : space.len;
		TRY(file_read_at(&j->folder, fd, (char *)(uintptr_t)space.ptr, want, offset, &got));
		reading->bytes = str_n(space.ptr, got);
		TRY(pick_frames(reading, segment, offset, first, max));
		if (reading->next == offset)
			break;
		offset = reading->next;
	}
	bool ended = reading->next >= segment->bytes;
	j->read_next = ended ? (Mark){0}
	                     : (Mark){.incarnation = segment->incarnation, .sequence = reading->last + 1};
	j->read_offset = reading->next;
	return OK;
}

static Err read_segment(
        Journal *j, const Segment *segment, uint64_t first, size_t max, Arena *arena, Reading *reading)
{
	size_t size = max > RECORD_MAX ? max : RECORD_MAX;
	char *space = arena_alloc(arena, size);
	if (space == NULL)
		return err(ERR_NO_MEMORY, "no memory to read %zu bytes of the journal", size);
	int fd = -1;
	TRY(segment_open(&j->folder, segment, &fd));
	Err e = read_pieces(j, fd, segment, first, max, str_n(space, size), reading);
	close(fd);
	if (e == OK && reading->count == 0)
		return err(ERR_JOURNAL_CORRUPT, "the journal %s ends before record %" PRIu64, j->options.dir,
		        first);
	return e == OK ? OK
	               : err_context(
	                         e, "incarnation %" PRIu64 ", record %" PRIu64, segment->incarnation, first);
}

Err journal_read(Journal *journal, uint64_t incarnation, uint64_t first, size_t max, Arena *arena,
        Str *ret_frames, uint64_t *ret_count)
{
	Reading reading = {0};
	Segment segment = {0};
	bool found = false;
	pthread_mutex_lock(&journal->reading);
	Err e = find_segment(journal, incarnation, first, &segment, &found);
	if (e == OK && found)
		e = read_segment(journal, &segment, first, max, arena, &reading);
	pthread_mutex_unlock(&journal->reading);
	TRY(e);
	*ret_frames = reading.kept;
	*ret_count = reading.count;
	return OK;
}
