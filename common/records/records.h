// Records en masse in a file: blocks with checksums, and an end that says what the file holds. What the
// records and the end are is their owners' affair (eventset/, planfile/). A file is written once, from its
// begin to its end, and read block by block from any thread. README.md has the format.
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <stdio.h>

enum {
	RECORDS_HEAD_SIZE = 16,
	RECORDS_BLOCK_HEAD_SIZE = 28,
	RECORDS_TAIL_SIZE = 16,
	RECORDS_LENGTH_SIZE = 4,
	RECORDS_BLOCK_BYTES = 256 * 1024,      // a block ends before this many, or with one record
	RECORDS_BLOCKS_MAX = 16 * 1024 * 1024, // 4 TiB
	RECORDS_END_MAX = 256 * 1024 * 1024,   // bytes of an end
	RECORDS_DIGEST_SIZE = 32,
};

// What kind of file it is.
typedef struct RecordForm {
	const char *head;        // RECORDS_HEAD_SIZE bytes
	const char *block, *end; // marks of 4 bytes
	const char *what;        // "event set", for messages
	const char *again;       // what to do when it is damaged: "import it again"
	size_t record_max;       // bytes of one record
} RecordForm;

// --- writing ---

typedef struct RecordWriter {
	const RecordForm *form;
	FILE *file;
	void *sha; // EVP_MD_CTX
	char *buffer;
	size_t len;
	uint32_t count;
	uint64_t records, offset;
	uint64_t *blocks; // where each begins
	size_t block_count, block_room;
	uint64_t written; // bytes that the file had before: they are compared, not written
} RecordWriter;

// `written`: 0, or how many bytes of the file are there from a former attempt (records_whole): writing the
// same records again compares them, and goes on behind them. The file is open for both then. Errors: IO,
// NO_MEMORY.
Err records_begin(RecordWriter *writer, const RecordForm *form, FILE *file, uint64_t written);
// Errors: IO, NO_MEMORY, LIMIT, STATE_CORRUPT (another record was written there before).
Err records_add(RecordWriter *writer, Str record);
// No more records come: the SHA-256 of all, lengths included, one behind the other as they stand in the
// blocks. Errors: as records_add.
Err records_digest(RecordWriter *writer, uint8_t digest[RECORDS_DIGEST_SIZE]);
// The end, behind the last block; the file is complete then. Error: IO.
Err records_end(RecordWriter *writer, Str end);
// Frees what the writer holds, whatever came of it.
void records_done(RecordWriter *writer);
// Of a file that was not completed: up to where its blocks are whole. 0: there is none.
uint64_t records_whole(const RecordForm *form, FILE *file);

// --- reading ---

typedef struct RecordFile {
	const RecordForm *form;
	int fd;
	uint64_t bytes;
	uint64_t *blocks; // and behind the last one where the end begins
	size_t block_count;
} RecordFile;

// Opens it and reads its end, checked by its checksum, into `arena`. Errors: IO, STATE_CORRUPT, NO_MEMORY.
Err records_open(const char *path, const RecordForm *form, Arena *arena, RecordFile *ret, Str *ret_end);
// Where the blocks begin, as the end says. Errors: STATE_CORRUPT, NO_MEMORY.
Err records_blocks(RecordFile *file, const uint64_t *blocks, size_t count);
void records_close(RecordFile *file);

typedef struct RecordBlock {
	Str content;    // all records, with their lengths
	uint64_t first; // the place of its first record in the file
	uint32_t count, read;
} RecordBlock;

// A block, counted from 0, in `arena`. Any number of threads may read at once. Errors: IO, STATE_CORRUPT,
// NO_MEMORY.
Err records_block(const RecordFile *file, uint64_t block, Arena *arena, RecordBlock *ret);
// The next record; *ret_more is false behind the last one. Error: STATE_CORRUPT.
Err records_next(const RecordFile *file, RecordBlock *block, Str *ret, bool *ret_more);
// Reads all of it, and holds it against how many records, and of which digest, the end tells. `told`, if it
// is not NULL, hears behind each block how many were read. Errors: STATE_CORRUPT, IO, NO_MEMORY.
typedef void RecordsTold(void *context, uint64_t records);
Err records_verify(const RecordFile *file, uint64_t records, const uint8_t digest[RECORDS_DIGEST_SIZE],
        RecordsTold *told, void *context);
