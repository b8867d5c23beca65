#include "support.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static TestDir dir_in(const char *place)
{
	TestDir dir;
	snprintf(dir.path, sizeof dir.path, "%.40s/journal-XXXXXX", place);
	assert_non_null(mkdtemp(dir.path));
	return dir;
}

TestDir test_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	return dir_in(tmp ? tmp : "/tmp");
}

TestDir test_dir_in_memory(void)
{
	return access("/dev/shm", W_OK) == 0 ? dir_in("/dev/shm") : test_dir();
}

void test_dir_remove(TestDir *dir)
{
	char path[256];
	while (test_file(dir, "", 0, path))
		assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir->path), 0);
}

static int not_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

bool test_file(const TestDir *dir, const char *suffix, size_t n, char path[256])
{
	struct dirent **entries = NULL;
	int count = scandir(dir->path, &entries, not_dots, alphasort);
	bool found = false;
	size_t seen = 0;
	for (int i = 0; i < count; i++) {
		if (str_ends(str(entries[i]->d_name), str(suffix)) && seen++ == n) {
			snprintf(path, 256, "%s/%.120s", dir->path, entries[i]->d_name);
			found = true;
		}
		free(entries[i]);
	}
	free(entries);
	return found;
}

size_t test_files(const TestDir *dir, const char *suffix)
{
	char path[256];
	size_t count = 0;
	while (test_file(dir, suffix, count, path))
		count++;
	return count;
}

Str test_read_file(Arena *arena, const char *path)
{
	Str content;
	assert_int_equal(file_read(path, 256 << 20, arena, &content), OK);
	return content;
}

void test_write_file(const char *path, Str content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content.ptr, content.len), (ssize_t)content.len);
	close(fd);
}

JournalOptions test_options(const TestDir *dir)
{
	return (JournalOptions){
	        .dir = dir->path,
	        .runtime_id = STR("runtime-1"),
	        .segment_bytes = TEST_SEGMENT,
	        .quota_bytes = 64 << 20,
	};
}

Journal *test_open(const JournalOptions *options)
{
	Journal *journal = NULL;
	if (journal_open(options, &journal) != OK)
		fail_msg("journal_open: %s", err_detail()->message);
	return journal;
}

typedef struct Waiting {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool done;
	Err result;
	ErrDetail detail;
} Waiting;

static void arrived(void *context, Err result)
{
	Waiting *waiting = context;
	pthread_mutex_lock(&waiting->lock);
	waiting->done = true;
	waiting->result = result;
	if (result != OK)
		waiting->detail = *err_detail();
	pthread_cond_signal(&waiting->cond);
	pthread_mutex_unlock(&waiting->lock);
}

Err test_append(Journal *journal, const char *event_id, Str payload)
{
	Waiting waiting = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
	TRY(journal_append(journal, str(event_id), payload, arrived, &waiting));
	pthread_mutex_lock(&waiting.lock);
	while (!waiting.done)
		pthread_cond_wait(&waiting.cond, &waiting.lock);
	pthread_mutex_unlock(&waiting.lock);
	return waiting.result == OK ? OK : err_restore(&waiting.detail);
}

void test_append_many(Journal *journal, uint64_t from, uint64_t count)
{
	for (uint64_t n = from; n < from + count; n++) {
		char payload[32];
		snprintf(payload, sizeof payload, "record %llu", (unsigned long long)n);
		bool last = n + 1 == from + count;
		Err e = last ? test_append(journal, "event", str(payload))
		             : journal_append(journal, STR("event"), str(payload), NULL, NULL);
		assert_int_equal(e, OK);
	}
}

static void add_frames(TestContent *content, Str frames)
{
	while (frames.len > 0) {
		content->records =
		        reallocarray(content->records, content->count + 1, sizeof *content->records);
		assert_int_equal(journal_record_parse(&frames, &content->records[content->count++]), OK);
	}
}

TestContent test_content(Journal *journal, Arena *arena)
{
	TestContent content = {0};
	for (uint64_t inc = 0; (inc = journal_next_incarnation(journal, inc)) != 0;) {
		for (uint64_t next = 1, count = 1;;) {
			Str frames = {0};
			if (journal_read(journal, inc, next, 256 << 10, arena, &frames, &count) != OK)
				fail_msg("journal_read: %s", err_detail()->message);
			if (count == 0)
				break;
			add_frames(&content, frames);
			const JournalRecord *last = &content.records[content.count - 1];
			next = (last->lost_until ? last->lost_until : last->sequence) + 1;
		}
	}
	JournalRecord *kept = ARENA_ARRAY(arena, JournalRecord, content.count + 1);
	if (content.count > 0)
		memcpy(kept, content.records, content.count * sizeof *kept);
	free(content.records);
	content.records = kept;
	return content;
}

bool test_has(const TestContent *content, Str payload)
{
	for (size_t i = 0; i < content->count; i++)
		if (str_eq(content->records[i].payload, payload))
			return true;
	return false;
}
