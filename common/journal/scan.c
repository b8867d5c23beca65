// A segment through a window of a megabyte. What is a record, and what is damage, is decided as recovery does
// (repair.c): so who looks from outside says before a start what the start will do.
#include "journal/offline.h"
#include "journal/record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WINDOW = 1 << 20, MAGIC_LEN = 4 };

struct JournalScan {
	int fd;
	uint64_t incarnation, expected;
	int64_t base;   // where the window begins in the file
	size_t at, len; // in the window
	bool at_end;    // the window reaches to the file's end
	char window[WINDOW];
};

Err journal_scan_fd(int fd, uint64_t incarnation, uint64_t first, JournalScan **ret)
{
	JournalScan *scan = malloc(sizeof *scan);
	if (scan == NULL) {
		close(fd);
		return err(ERR_NO_MEMORY, "no memory to read a journal segment");
	}
	scan->fd = fd;
	scan->incarnation = incarnation;
	scan->expected = first;
	scan->base = 0;
	scan->at = scan->len = 0;
	scan->at_end = false;
	*ret = scan;
	return OK;
}

Err journal_scan_open(const JournalFolder *folder, size_t segment, JournalScan **ret)
{
	const JournalFile *file = &folder->segments[segment];
	char path[PATH_MAX];
	if (snprintf(path, sizeof path, "%s/%s", folder->dir, file->name) >= (int)sizeof path)
		return err(ERR_LIMIT, "the journal's path is too long: %s", folder->dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err(ERR_RESOURCE_NOT_FOUND, "%s was shipped and deleted meanwhile", path);
	if (fd < 0)
		return err_errno(ERR_IO, "cannot open %s", path);
	return journal_scan_fd(fd, file->incarnation, file->first, ret);
}

void journal_scan_close(JournalScan *scan)
{
	if (scan == NULL)
		return;
	close(scan->fd);
	free(scan);
}

static int64_t offset_of(const JournalScan *scan)
{
	return scan->base + (int64_t)scan->at;
}

// Reads until the window is full or the file ends.
static Err fill(JournalScan *scan)
{
	memmove(scan->window, scan->window + scan->at, scan->len - scan->at);
	scan->base += (int64_t)scan->at;
	scan->len -= scan->at;
	scan->at = 0;
	scan->at_end = false;
	while (scan->len < WINDOW && !scan->at_end) {
		ssize_t n = pread(scan->fd, scan->window + scan->len, WINDOW - scan->len,
		        scan->base + (int64_t)scan->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(ERR_IO, "cannot read a journal segment");
		scan->at_end = n == 0;
		scan->len += (size_t)n;
	}
	return OK;
}

// Makes sure that a whole record would stand in the window, if there is one.
static Err need_record(JournalScan *scan)
{
	return scan->len - scan->at < RECORD_MAX && !scan->at_end ? fill(scan) : OK;
}

static Str rest_of(const JournalScan *scan)
{
	return str_n(scan->window + scan->at, scan->len - scan->at);
}

// Whether a valid record that may come next stands here.
static bool record_here(const JournalScan *scan, JournalRecord *ret)
{
	Str rest = rest_of(scan);
	return journal_record_parse(&rest, ret) == OK && ret->incarnation == scan->incarnation &&
	       ret->sequence >= scan->expected;
}

// Where the last byte that is not zero ends, in the file; `so_far` if all are.
static int64_t content_end(const JournalScan *scan, size_t len, int64_t so_far)
{
	while (len > 0 && scan->window[scan->at + len - 1] == 0)
		len--;
	return len > 0 ? offset_of(scan) + (int64_t)len : so_far;
}

// Goes on to the next valid record; false: there is none, and *ret_end is where what is not zero ends.
static Err find_record(JournalScan *scan, bool *ret_found, int64_t *ret_end)
{
	JournalRecord record;
	*ret_end = offset_of(scan);
	for (*ret_found = false;;) {
		TRY(need_record(scan));
		Str rest = rest_of(scan);
		const char *magic =
		        rest.len >= MAGIC_LEN ? memmem(rest.ptr, rest.len, "PJR1", MAGIC_LEN) : NULL;
		size_t passed = magic != NULL  ? (size_t)(magic - rest.ptr)
		                : scan->at_end ? rest.len
		                               : rest.len - (MAGIC_LEN - 1); // the magic may begin in these
		*ret_end = content_end(scan, passed, *ret_end);
		scan->at += passed;
		if (magic == NULL && scan->at_end)
			return OK;
		if (magic == NULL)
			continue;
		TRY(need_record(scan));
		*ret_found = record_here(scan, &record);
		if (*ret_found)
			return OK;
		*ret_end = offset_of(scan) + 1;
		scan->at++;
	}
}

static void go_back(JournalScan *scan, int64_t offset)
{
	scan->base = offset;
	scan->at = scan->len = 0;
	scan->at_end = false;
}

Err journal_scan_next(JournalScan *scan, bool waiting, JournalPiece *ret)
{
	TRY(need_record(scan));
	int64_t from = offset_of(scan);
	*ret = (JournalPiece){.found = JOURNAL_END, .offset = from, .expected = scan->expected};
	if (record_here(scan, &ret->record)) {
		const JournalRecord *record = &ret->record;
		ret->found = JOURNAL_RECORD;
		ret->bytes = (int64_t)record->frame.len;
		scan->at += record->frame.len;
		scan->expected = record_last(record) + 1;
		return OK;
	}
	if (waiting) {
		go_back(scan, from);
		return OK;
	}
	bool found = false;
	int64_t end = from;
	TRY(find_record(scan, &found, &end));
	if (found) {
		ret->found = JOURNAL_DAMAGE;
		ret->bytes = offset_of(scan) - from;
		return OK;
	}
	ret->found = end > from ? JOURNAL_TAIL : JOURNAL_END;
	ret->bytes = end - from;
	go_back(scan, from);
	return OK;
}
