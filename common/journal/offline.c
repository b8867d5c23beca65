// What there is in a folder. Who has it open is asked of the kernel's list of locks: trying the lock oneself,
// for however short a time, could make a server that starts just then refuse to.
#include "journal/offline.h"

#include "journal/folder.h"

#include "base/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { MARKS_MAX = 1 << 20 };

typedef struct FileList {
	JournalFile *items;
	size_t count, capacity;
} FileList;

static void dir_closep(DIR **dir)
{
	if (*dir != NULL)
		closedir(*dir);
}

static void fclosep(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory to list a journal");
}

static Err list_add(FileList *list, Arena *arena, const JournalFile *file)
{
	if (list->count == list->capacity) {
		size_t capacity = 2 * list->capacity + 64;
		JournalFile *grown = ARENA_ARRAY(arena, JournalFile, capacity);
		if (grown == NULL)
			return no_memory();
		if (list->count > 0)
			memcpy(grown, list->items, list->count * sizeof *grown);
		list->items = grown;
		list->capacity = capacity;
	}
	list->items[list->count++] = *file;
	return OK;
}

static int by_place(const void *left, const void *right)
{
	const JournalFile *a = left, *b = right;
	if (a->incarnation != b->incarnation)
		return a->incarnation < b->incarnation ? -1 : 1;
	return (a->first > b->first) - (a->first < b->first);
}

static int by_name(const void *left, const void *right)
{
	return strcmp(((const JournalFile *)left)->name, ((const JournalFile *)right)->name);
}

static Err take_file(int dir_fd, const char *name, Arena *arena, FileList *segments, FileList *quarantined)
{
	Segment segment = {0};
	JournalFile file = {0};
	struct stat stat;
	bool is_segment = segment_name_parse(name, &segment);
	if (!is_segment && !str_ends(str(name), STR(".quarantine")))
		return OK;
	if (strlen(name) >= sizeof file.name || fstatat(dir_fd, name, &stat, 0) != 0)
		return OK; // not one of the journal's; gone meanwhile
	snprintf(file.name, sizeof file.name, "%s", name);
	file.incarnation = segment.incarnation;
	file.first = segment.first;
	file.bytes = stat.st_size;
	return list_add(is_segment ? segments : quarantined, arena, &file);
}

static Err list_files(const char *dir_name, Arena *arena, JournalFolder *ret)
{
	CLEANUP(dir_closep) DIR *dir = opendir(dir_name);
	FileList segments = {0}, quarantined = {0};
	if (dir == NULL && (errno == ENOENT || errno == ENOTDIR))
		return err(ERR_RESOURCE_NOT_FOUND, "there is no folder %s", dir_name);
	if (dir == NULL)
		return err_errno(ERR_IO, "cannot list the journal %s", dir_name);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		TRY(take_file(dirfd(dir), entry->d_name, arena, &segments, &quarantined));
	if (segments.count > 0)
		qsort(segments.items, segments.count, sizeof *segments.items, by_place);
	if (quarantined.count > 0)
		qsort(quarantined.items, quarantined.count, sizeof *quarantined.items, by_name);
	ret->segments = segments.items;
	ret->segment_count = segments.count;
	ret->quarantined = quarantined.items;
	ret->quarantined_count = quarantined.count;
	return OK;
}

// Lines of "INCARNATION SEQUENCE"; what is not one ends the marks, for they are hints.
static Err read_marks(const char *dir, Arena *arena, JournalFolder *ret)
{
	const char *path = arena_printf(arena, "%s/shipped", dir);
	CLEANUP(fclosep) FILE *file = path ? fopen(path, "re") : NULL;
	unsigned long long incarnation, sequence;
	size_t capacity = 0;
	if (path == NULL)
		return no_memory();
	while (file != NULL && ftell(file) < MARKS_MAX &&
	        fscanf(file, "%20llu %20llu", &incarnation, &sequence) == 2) {
		if (ret->shipped_count == capacity) {
			JournalMark *grown = ARENA_ARRAY(arena, JournalMark, capacity = 2 * capacity + 16);
			if (grown == NULL)
				return no_memory();
			if (ret->shipped_count > 0)
				memcpy(grown, ret->shipped, ret->shipped_count * sizeof *grown);
			ret->shipped = grown;
		}
		ret->shipped[ret->shipped_count++] = (JournalMark){incarnation, sequence};
	}
	return OK;
}

// A line of /proc/locks: "12: FLOCK  ADVISORY  WRITE 4711 fd:01:123456 0 EOF".
static void find_owner(const char *dir, Arena *arena, JournalFolder *ret)
{
	const char *path = arena_printf(arena, "%s/lock", dir);
	CLEANUP(fclosep) FILE *locks = fopen("/proc/locks", "re");
	struct stat stat_of_lock;
	char line[256], kind[16], place[64], wanted[64];
	int pid;
	if (path == NULL || locks == NULL || stat(path, &stat_of_lock) != 0)
		return;
	snprintf(wanted, sizeof wanted, "%02x:%02x:%llu", major(stat_of_lock.st_dev),
	        minor(stat_of_lock.st_dev), (unsigned long long)stat_of_lock.st_ino);
	while (fgets(line, sizeof line, locks) != NULL) {
		if (sscanf(line, "%*d: %15s %*s %*s %d %63s", kind, &pid, place) != 3 ||
		        strcmp(kind, "FLOCK") != 0 || strcmp(place, wanted) != 0)
			continue;
		ret->held = true;
		ret->owner = pid > 0 ? pid : 0;
	}
}

Err journal_folder_read(const char *dir, Arena *arena, JournalFolder *ret)
{
	*ret = (JournalFolder){.dir = arena_cstr(arena, str(dir))};
	if (ret->dir == NULL)
		return no_memory();
	TRY(list_files(dir, arena, ret));
	// Behind the list: the mark is raised before a segment is deleted, so it covers what the list lacks.
	TRY(read_marks(dir, arena, ret));
	find_owner(dir, arena, ret);
	return OK;
}

uint64_t journal_folder_shipped(const JournalFolder *folder, uint64_t incarnation)
{
	for (size_t i = 0; i < folder->shipped_count; i++)
		if (folder->shipped[i].incarnation == incarnation)
			return folder->shipped[i].sequence;
	return 0;
}

bool journal_folder_has_next(const JournalFolder *folder, size_t segment)
{
	return segment + 1 < folder->segment_count &&
	       folder->segments[segment + 1].incarnation == folder->segments[segment].incarnation;
}
