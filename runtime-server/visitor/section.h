// A checkpoint's file, section by section: a header with a checksum, then what is in `front` and `body`.
#pragma once
#include "base/error.h"
#include "visitor/bytes.h"

#define CHECKPOINT_MAGIC "PARLEYV1"

enum {
	MAGIC_SIZE = 8,
	SECTION_HEADER = 16, // CRC32C of all behind it, type, length of the payload
};

typedef enum SectionType {
	SECTION_HEAD = 1,
	SECTION_VISITORS,
	SECTION_COUNTS,
	SECTION_TREATMENTS,
	SECTION_END,
	SECTION_LIMITS,
} SectionType;

// `error` is the first one, with its detail; after it nothing is written any more.
typedef struct SectionFile {
	int fd;
	Err error;
	ErrDetail detail;
	size_t written, synced;
	uint32_t sections;
	Bytes front, body;
} SectionFile;

void section_file_begin(SectionFile *file, int fd);
// Syncs. Errors: what failed first: IO, NO_MEMORY.
Err section_file_end(SectionFile *file);
void section_file_free(SectionFile *file);

// Empties `front` and `body`.
void section_begin(SectionFile *file);
void section_end(SectionFile *file, SectionType type);
