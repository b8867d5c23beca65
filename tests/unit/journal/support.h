// What the journal's tests share: private folders, a journal that waits for its own appends, and the whole
// content read back.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "journal/journal.h"

enum { TEST_SEGMENT = 64 << 10 };

typedef struct TestDir {
	char path[64];
} TestDir;

TestDir test_dir(void);
// For tests that open journals by the hundred: where a sync costs nothing, if there is such a place.
TestDir test_dir_in_memory(void);
void test_dir_remove(TestDir *dir);
// The name of the n-th file (sorted) that ends in `suffix`, with the folder; false if there are not that
// many.
bool test_file(const TestDir *dir, const char *suffix, size_t n, char path[256]);
size_t test_files(const TestDir *dir, const char *suffix);

Str test_read_file(Arena *arena, const char *path);
void test_write_file(const char *path, Str content);

JournalOptions test_options(const TestDir *dir);
Journal *test_open(const JournalOptions *options);
// Appends and waits for the result.
Err test_append(Journal *journal, const char *event_id, Str payload);
// Appends `count` records with payloads "record N", N from `from` on, and waits for the last.
void test_append_many(Journal *journal, uint64_t from, uint64_t count);

// Everything that is in the journal, oldest incarnation first.
typedef struct TestContent {
	JournalRecord *records;
	size_t count;
} TestContent;
TestContent test_content(Journal *journal, Arena *arena);
// Whether some record has this payload.
bool test_has(const TestContent *content, Str payload);
