// How far each incarnation has been shipped and is covered, and the deletion of what nobody needs any more.
// The mark is durable before anything is deleted.
#include "journal/internal.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	MARKS_MAX = 1 << 20, // bytes of the file
	MARK_LINE = 44,      // room for two u64 and what stands around them
	MARKS_EVERY_US = 1000000,
};

static void freep(char **bytes)
{
	free(*bytes);
}

static Mark *find_mark(MarkList *list, uint64_t incarnation)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].incarnation == incarnation)
			return &list->items[i];
	return NULL;
}

static Err raise_mark(MarkList *list, uint64_t incarnation, uint64_t sequence, bool *ret_raised)
{
	Mark *mark = find_mark(list, incarnation);
	*ret_raised = mark == NULL || sequence > mark->sequence;
	if (mark == NULL) {
		Mark *grown = reallocarray(list->items, list->count + 1, sizeof *grown);
		if (grown == NULL)
			return err(ERR_NO_MEMORY, "no memory for the journal's shipped marks");
		list->items = grown;
		mark = &list->items[list->count++];
		*mark = (Mark){.incarnation = incarnation};
	}
	mark->sequence = *ret_raised ? sequence : mark->sequence;
	return OK;
}

// Marks of incarnations that have nothing left here are forgotten.
static void drop_marks(Journal *j)
{
	size_t kept = 0;
	for (size_t i = 0; i < j->marks.count; i++) {
		bool needed = false;
		for (size_t s = 0; s < j->segments.count && !needed; s++)
			needed = j->segments.items[s].incarnation == j->marks.items[i].incarnation;
		if (needed)
			j->marks.items[kept++] = j->marks.items[i];
	}
	j->marks.count = kept;
}

static Err parse_mark(Str line, MarkList *list)
{
	const char *space = memchr(line.ptr, ' ', line.len);
	uint64_t incarnation = 0, sequence = 0;
	bool raised = false;
	size_t split = space ? (size_t)(space - line.ptr) : 0;
	if (space == NULL || !str_to_u64(str_n(line.ptr, split), &incarnation) ||
	        !str_to_u64(str_n(space + 1, line.len - split - 1), &sequence))
		return err(ERR_JOURNAL_CORRUPT, "a shipped mark is damaged");
	return raise_mark(list, incarnation, sequence, &raised);
}

static Err parse_marks(Str text, MarkList *list)
{
	while (text.len > 0) {
		const char *end = memchr(text.ptr, '\n', text.len);
		size_t len = end ? (size_t)(end - text.ptr) : text.len;
		TRY(parse_mark(str_n(text.ptr, len), list));
		len = end ? len + 1 : len;
		text = str_n(text.ptr + len, text.len - len);
	}
	return OK;
}

Err marks_load(Journal *j)
{
	int fd = j->folder.io->open(j->folder.io->context, j->folder.fd, "shipped", O_RDONLY);
	if (fd < 0)
		return errno == ENOENT ? OK : err_errno(ERR_IO, "cannot open the journal's shipped marks");
	CLEANUP(freep) char *text = malloc(MARKS_MAX);
	size_t len = 0;
	Err e = text ? file_read_at(&j->folder, fd, text, MARKS_MAX, 0, &len)
	             : err(ERR_NO_MEMORY, "no memory");
	close(fd);
	TRY(e);
	if (parse_marks(str_n(text, len), &j->marks) != OK)
		j->marks.count = 0;
	drop_marks(j);
	return OK;
}

static Err store_marks(Journal *j)
{
	pthread_mutex_lock(&j->folder_lock);
	size_t room = j->marks.count * MARK_LINE + 1, len = 0;
	CLEANUP(freep) char *text = malloc(room);
	for (size_t i = 0; i < j->marks.count && text != NULL; i++)
		len += (size_t)snprintf(text + len, room - len, "%" PRIu64 " %" PRIu64 "\n",
		        j->marks.items[i].incarnation, j->marks.items[i].sequence);
	pthread_mutex_unlock(&j->folder_lock);
	if (text == NULL)
		return err(ERR_NO_MEMORY, "no memory for the journal's shipped marks");
	return file_replace(&j->folder, "shipped", text, len);
}

static bool is_covered(const Journal *j, const Segment *segment)
{
	const Mark *covered = &j->covered;
	return !j->options.retain || segment->incarnation < covered->incarnation ||
	       (segment->incarnation == covered->incarnation && segment->last <= covered->sequence);
}

// The first segment of the list that nobody needs, other than the one being written; the list's length if
// there is none. Under the folder's lock.
static size_t find_useless(Journal *j)
{
	for (size_t i = 0; i < j->segments.count; i++) {
		const Segment *segment = &j->segments.items[i];
		const Mark *mark = find_mark(&j->marks, segment->incarnation);
		bool live = segment->incarnation == j->incarnation && i + 1 == j->segments.count;
		if (mark != NULL && segment->last <= mark->confirmed && !live && is_covered(j, segment))
			return i;
	}
	return j->segments.count;
}

static bool take_useless(Journal *j, Segment *ret)
{
	pthread_mutex_lock(&j->folder_lock);
	size_t found = find_useless(j);
	bool taken = found < j->segments.count;
	if (taken) {
		*ret = j->segments.items[found];
		segment_list_remove(&j->segments, found);
	}
	pthread_mutex_unlock(&j->folder_lock);
	return taken;
}

static Err delete_useless(Journal *j)
{
	Segment segment;
	bool any = false;
	while (take_useless(j, &segment)) {
		char name[NAME_SIZE];
		segment_name(&segment, name);
		TRY(file_remove(&j->folder, name));
		atomic_fetch_sub(&j->used, segment.bytes);
		any = true;
	}
	return any ? file_sync(&j->folder, j->folder.fd) : OK;
}

// A mark costs two syncs, which appends would wait for; as it is a hint, once a second does, and always
// before something is deleted.
static Err keep_marks(Journal *j, bool deleting)
{
	int64_t now_us = monotonic_us();
	if (!deleting && j->marks_kept_us != 0 && now_us - j->marks_kept_us < MARKS_EVERY_US)
		return OK;
	TRY(store_marks(j));
	j->marks_kept_us = now_us;
	j->marks_moved = false;
	return OK;
}

Err marks_close(Journal *j)
{
	return j->marks_moved ? store_marks(j) : OK;
}

// A sequence below one that was told before is a receiver that was set back: what it has is not known any
// more.
static void note_lag(Journal *j, uint64_t sequence)
{
	ShipLag *lag = &j->lag;
	int64_t now_us = monotonic_us();
	uint64_t durable = journal_durable(j);
	if (sequence < lag->shipped)
		*lag = (ShipLag){0};
	lag->shipped = sequence;
	if (sequence >= durable)
		lag->through_us = now_us;
	else if (lag->aim_us != 0 && sequence >= lag->aim)
		lag->through_us = lag->aim_us;
	else if (lag->aim_us != 0)
		return;
	lag->aim = durable;
	lag->aim_us = now_us;
}

int64_t journal_lag_us(const Journal *journal)
{
	Journal *j = (Journal *)(uintptr_t)journal; // the lock is no part of the value
	pthread_mutex_lock(&j->folder_lock);
	ShipLag lag = j->lag;
	pthread_mutex_unlock(&j->folder_lock);
	if (lag.aim_us != 0 && lag.shipped >= journal_durable(journal))
		return 0;
	return lag.through_us != 0 ? monotonic_us() - lag.through_us : -1;
}

Err journal_shipped(Journal *journal, uint64_t incarnation, uint64_t sequence)
{
	bool raised = false;
	pthread_mutex_lock(&journal->reading);
	pthread_mutex_lock(&journal->folder_lock);
	Err e = raise_mark(&journal->marks, incarnation, sequence, &raised);
	if (e == OK)
		find_mark(&journal->marks, incarnation)->confirmed = sequence;
	if (e == OK && incarnation == journal->incarnation)
		note_lag(journal, sequence);
	bool deleting = find_useless(journal) < journal->segments.count;
	drop_marks(journal);
	pthread_mutex_unlock(&journal->folder_lock);
	journal->marks_moved |= raised;
	if (e == OK && (raised || deleting))
		e = keep_marks(journal, deleting);
	if (e == OK && deleting)
		e = delete_useless(journal);
	pthread_mutex_unlock(&journal->reading);
	return e;
}

Err journal_covered(Journal *journal, uint64_t incarnation, uint64_t sequence)
{
	pthread_mutex_lock(&journal->reading);
	pthread_mutex_lock(&journal->folder_lock);
	Mark *covered = &journal->covered;
	if (incarnation > covered->incarnation ||
	        (incarnation == covered->incarnation && sequence > covered->sequence))
		*covered = (Mark){.incarnation = incarnation, .sequence = sequence};
	bool deleting = find_useless(journal) < journal->segments.count;
	pthread_mutex_unlock(&journal->folder_lock);
	Err e = deleting ? keep_marks(journal, true) : OK;
	if (e == OK && deleting)
		e = delete_useless(journal);
	pthread_mutex_unlock(&journal->reading);
	return e;
}

uint64_t journal_shipped_sequence(const Journal *journal, uint64_t incarnation)
{
	Journal *j = (Journal *)(uintptr_t)journal; // the lock is no part of the value
	pthread_mutex_lock(&j->folder_lock);
	const Mark *mark = find_mark(&j->marks, incarnation);
	uint64_t sequence = mark ? mark->sequence : 0;
	pthread_mutex_unlock(&j->folder_lock);
	return sequence;
}
