#include "history.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "journal/journal.h"
#include "wire/wire.h"

#include "parley/journal/v1/journal.pb-c.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEGMENT_MAX = 128 << 20 };

typedef Parley__Journal__V1__Entry Entry;

typedef struct History {
	Story *stories;
	size_t count;
	Issued **codes; // of all stories, by code
	size_t code_count;
	uint64_t places;
	HistoryFaults *faults;
} History;

// --- treatments by code ---

static int by_code(const void *left, const void *right)
{
	return strcmp((*(Issued *const *)left)->code, (*(Issued *const *)right)->code);
}

static void list_codes(History *history)
{
	size_t total = 0;
	for (size_t i = 0; i < history->count; i++)
		total += (size_t)history->stories[i].treatment_count;
	history->codes = calloc(total + 1, sizeof(*history->codes));
	if (history->codes == NULL)
		abort();
	for (size_t i = 0; i < history->count; i++)
		for (int t = 0; t < history->stories[i].treatment_count; t++)
			history->codes[history->code_count++] = &history->stories[i].treatments[t];
	qsort(history->codes, history->code_count, sizeof(*history->codes), by_code);
	for (size_t i = 1; i < history->code_count; i++)
		history->faults->codes_twice +=
		        strcmp(history->codes[i - 1]->code, history->codes[i]->code) == 0;
}

static Issued *find_code(const History *history, const char *code)
{
	Issued wanted, *key = &wanted, **found;
	snprintf(wanted.code, sizeof wanted.code, "%s", code);
	found = bsearch(&key, history->codes, history->code_count, sizeof(*history->codes), by_code);
	return found != NULL ? *found : NULL;
}

// --- entries ---

static void place_event(History *history, const Entry *entry)
{
	const char *id = entry->event_posted->event_id;
	unsigned story = 0, event = 0;
	if (sscanf(id, "s%u-%u", &story, &event) != 2 || story >= history->count ||
	        event >= (unsigned)history->stories[story].event_count) {
		history->faults->strangers++;
		return;
	}
	Posted *found = &history->stories[story].events[event];
	history->faults->events_twice += found->place != 0;
	found->place = history->places;
	found->time_us = entry->context->time_us;
}

static void place_offer(History *history, const Parley__Journal__V1__Context *context, const char *code)
{
	Issued *found = find_code(history, code);
	if (found == NULL || found->place != 0) {
		history->faults->strangers++;
		return;
	}
	found->place = history->places;
	found->customer = atoi(context->audience_id) % CUSTOMERS;
	found->as_of_us = context->time_us;
}

static void read_entry(History *history, const Entry *entry)
{
	history->places++;
	if (entry->what_case == PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED)
		place_event(history, entry);
	if (entry->what_case == PARLEY__JOURNAL__V1__ENTRY__WHAT_RECOMMENDATION)
		for (size_t i = 0; i < entry->recommendation->n_offers; i++)
			place_offer(
			        history, entry->context, entry->recommendation->offers[i]->treatment_code);
}

static void read_segment(History *history, const char *path)
{
	CLEANUP(arena_freep) Arena *file = arena_new(64 * 1024, 0);
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	JournalRecord record;
	Str rest;
	if (file_read(path, SEGMENT_MAX, file, &rest) != OK)
		abort();
	while (rest.len > 0 && *rest.ptr != '\0' && journal_record_parse(&rest, &record) == OK) {
		ProtobufCMessage *entry = NULL;
		if (wire_unpack(&parley__journal__v1__entry__descriptor, record.payload, 0, arena, &entry) !=
		        OK)
			abort();
		read_entry(history, (const Entry *)entry);
		arena_reset(arena);
	}
}

static int is_segment(const struct dirent *entry)
{
	return strstr(entry->d_name, ".segment") != NULL;
}

void history_read(const char *dir, Story *stories, size_t count, HistoryFaults *ret)
{
	History history = {.stories = stories, .count = count, .faults = ret};
	struct dirent **names = NULL;
	*ret = (HistoryFaults){0};
	list_codes(&history);
	int found = scandir(dir, &names, is_segment, alphasort);
	for (int i = 0; i < found; i++) {
		char path[512];
		snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);
		read_segment(&history, path);
		free(names[i]);
	}
	free(names);
	free(history.codes);
}
