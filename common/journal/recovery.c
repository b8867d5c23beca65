// The folder's files are taken in order of incarnation and first sequence, so that each segment knows whether
// another follows it: only the last one of an incarnation may have a torn tail.
#include "journal/recovery.h"

#include "base/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Content {
	char *bytes;
	size_t len, capacity;
} Content;

static void content_free(Content *content)
{
	free(content->bytes);
}

static void dir_closep(DIR **dir)
{
	if (*dir != NULL)
		closedir(*dir);
}

Err segment_list_add(SegmentList *list, const Segment *segment)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 16;
		Segment *grown = reallocarray(list->items, capacity, sizeof *grown);
		if (grown == NULL)
			return err(ERR_NO_MEMORY, "no memory for %zu journal segments", capacity);
		list->items = grown;
		list->capacity = capacity;
	}
	list->items[list->count++] = *segment;
	return OK;
}

void segment_list_remove(SegmentList *list, size_t index)
{
	list->count--;
	memmove(&list->items[index], &list->items[index + 1], (list->count - index) * sizeof *list->items);
}

void segment_list_clear(SegmentList *list)
{
	free(list->items);
	*list = (SegmentList){0};
}

static int by_place(const void *left, const void *right)
{
	const Segment *a = left, *b = right;
	if (a->incarnation != b->incarnation)
		return a->incarnation < b->incarnation ? -1 : 1;
	return (a->first > b->first) - (a->first < b->first);
}

static Err list_files(const Folder *folder, SegmentList *ret)
{
	int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(dir_closep) DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL)
		return err_errno(ERR_IO, "cannot list the journal %s", folder->path);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		Segment segment;
		if (segment_name_parse(entry->d_name, &segment))
			TRY(segment_list_add(ret, &segment));
		else if (str_ends(str(entry->d_name), STR(".tmp"))) // a replacement that a crash cut off
			TRY(file_remove(folder, entry->d_name));
	}
	if (ret->count > 0)
		qsort(ret->items, ret->count, sizeof *ret->items, by_place);
	return OK;
}

static Err content_reserve(Content *content, const Folder *folder, int fd)
{
	struct stat stat;
	if (fstat(fd, &stat) != 0)
		return err_errno(ERR_IO, "cannot read the journal %s", folder->path);
	content->len = (size_t)stat.st_size;
	if (content->len <= content->capacity)
		return OK;
	char *grown = realloc(content->bytes, content->len);
	if (grown == NULL)
		return err(ERR_NO_MEMORY, "no memory to read a journal segment of %zu bytes", content->len);
	content->bytes = grown;
	content->capacity = content->len;
	return OK;
}

static Err content_read(Content *content, const Folder *folder, const Segment *segment)
{
	int fd = -1;
	TRY(segment_open(folder, segment, &fd));
	Err e = content_reserve(content, folder, fd);
	if (e == OK)
		e = file_read_at(folder, fd, content->bytes, content->len, 0, &content->len);
	close(fd);
	return e;
}

static Err drop_empty(const Folder *folder, SegmentList *list)
{
	for (size_t i = list->count; i-- > 0;) {
		if (list->items[i].last >= list->items[i].first)
			continue;
		char name[NAME_SIZE];
		segment_name(&list->items[i], name);
		TRY(file_remove(folder, name));
		segment_list_remove(list, i);
	}
	return OK;
}

Err recovery_run(const Folder *folder, Str runtime_id, SegmentList *ret, JournalStatus *counts)
{
	TRY(list_files(folder, ret));
	CLEANUP(content_free) Content content = {0};
	for (size_t i = 0; i < ret->count; i++) {
		Segment *segment = &ret->items[i];
		bool last = i + 1 == ret->count || ret->items[i + 1].incarnation != segment->incarnation;
		TRY(content_read(&content, folder, segment));
		TRY(segment_repair(folder, runtime_id, segment, last ? 0 : ret->items[i + 1].first,
		        str_n(content.bytes, content.len), counts));
	}
	return drop_empty(folder, ret);
}
