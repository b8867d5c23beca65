// The journal's folder and its files. All disk calls of the journal go through here and from here through
// JournalIo.
#pragma once
#include "journal/journal.h"
#include "journal/journal_io.h"

typedef struct Folder {
	const JournalIo *io;
	int fd;
	char path[512]; // for messages
} Folder;

// One file of records of one incarnation.
typedef struct Segment {
	uint64_t incarnation;
	uint64_t first; // sequence
	uint64_t last;  // sequence; first - 1 while it holds nothing
	int64_t bytes;  // of durable records
} Segment;

#define SEGMENT_SUFFIX ".segment"
#define NAME_SIZE      128

void segment_name(const Segment *segment, char name[NAME_SIZE]);
// Fills incarnation, first and last from a file's name; false if it is not a segment's.
bool segment_name_parse(const char *name, Segment *ret);

// Makes a new preallocated segment of which the folder knows durably. Errors: JOURNAL_FULL (no space), IO.
Err segment_create(const Folder *folder, const Segment *segment, int64_t allocate, int *ret_fd);
Err segment_open(const Folder *folder, const Segment *segment, int *ret_fd);

// Writes all of it, however short the single writes come. Errors: JOURNAL_FULL (no space; the same bytes may
// be written there again), IO.
Err file_write_at(const Folder *folder, int fd, const void *bytes, size_t len, int64_t offset);
// Reads until `len` or the end of the file.
Err file_read_at(const Folder *folder, int fd, void *bytes, size_t len, int64_t offset, size_t *ret_len);
Err file_sync(const Folder *folder, int fd);
// Durable and atomic: afterwards either the old or the new content survives a crash.
Err file_replace(const Folder *folder, const char *name, const void *bytes, size_t len);
Err file_remove(const Folder *folder, const char *name);
