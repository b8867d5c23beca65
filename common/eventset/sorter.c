// Runs are written and synced before the state that knows them, so that whatever the state tells is there.
#include "eventset/internal.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "wire/wire.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, STATE_MAX = 64 * 1024 };

typedef struct Entry {
	int64_t time_us;
	uint64_t number;
	size_t offset; // of its length and bytes in `bytes`
} Entry;

struct EventSorter {
	char dir[PATH_SIZE - 32]; // names in it still fit
	size_t memory, runs;
	uint64_t number; // the next event's
	char *bytes;
	size_t len, room;
	Entry *entries;
	size_t count, entry_room;
	Arena *arena; // of one event
};

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory to sort events");
}

// --- state ---

static void state_path(const EventSorter *sorter, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/state", sorter->dir);
}

static Err state_write(const EventSorter *sorter, const char *note)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(STATE_MAX, 0);
	char path[PATH_SIZE];
	char *text = arena != NULL ? arena_printf(arena, "parley sorter 1\nruns %zu\nevents %" PRIu64 "\n%s",
	                                     sorter->runs, sorter->number, note)
	                           : NULL;
	if (text == NULL)
		return no_memory();
	state_path(sorter, path);
	return file_write_durable(path, str(text), 0600);
}

static Err state_read(EventSorter *sorter, Arena *arena, const char **ret_note)
{
	char path[PATH_SIZE];
	int end = 0;
	Str text;

	*ret_note = NULL;
	state_path(sorter, path);
	if (access(path, F_OK) != 0)
		return OK;
	TRY(file_read(path, STATE_MAX, arena, &text));
	if (sscanf(text.ptr, "parley sorter 1\nruns %zu\nevents %" SCNu64 "%n", &sorter->runs,
	            &sorter->number, &end) != 2 ||
	        end == 0 || text.ptr[end] != '\n' || sorter->runs > EVENT_RUNS_MAX)
		return err(ERR_STATE_CORRUPT, "%s is damaged: remove the folder and import again", path);
	*ret_note = text.ptr + end + 1;
	return OK;
}

// --- from and to the folder ---

Err event_sorter_open(const char *dir, size_t memory, Arena *arena, EventSorter **ret, const char **ret_note)
{
	EventSorter *sorter = calloc(1, sizeof *sorter);

	if (sorter == NULL)
		return no_memory();
	sorter->memory = memory > 0 ? memory : EVENT_SORTER_MEMORY;
	sorter->arena = arena_new(EVENT_BYTES_MAX, 0);
	Err e = sorter->arena != NULL ? OK : no_memory();
	if (!e && snprintf(sorter->dir, sizeof sorter->dir, "%s", dir) >= (int)sizeof sorter->dir)
		e = err(ERR_LIMIT, "the folder's path is too long: %s", dir);
	if (!e)
		e = dir_make(dir, 0700);
	if (!e)
		e = state_read(sorter, arena, ret_note);
	if (e)
		event_sorter_close(sorter);
	else
		*ret = sorter;
	return e;
}

void event_sorter_close(EventSorter *sorter)
{
	if (sorter == NULL)
		return;
	arena_free(sorter->arena);
	free(sorter->bytes);
	free(sorter->entries);
	free(sorter);
}

// --- adding ---

static Err room_for(EventSorter *sorter, size_t len)
{
	if (sorter->len + len > sorter->room) {
		size_t room = (sorter->room + len) * 2;
		char *bytes = realloc(sorter->bytes, room);
		if (bytes == NULL)
			return no_memory();
		sorter->bytes = bytes;
		sorter->room = room;
	}
	if (sorter->count == sorter->entry_room) {
		size_t room = sorter->entry_room > 0 ? sorter->entry_room * 2 : 1024;
		Entry *entries = realloc(sorter->entries, room * sizeof *entries);
		if (entries == NULL)
			return no_memory();
		sorter->entries = entries;
		sorter->entry_room = room;
	}
	return OK;
}

static Err event_check(const Event *event)
{
	if (event->time_us <= 0)
		return err_at(ERR_FIELD_INVALID, "time", "the event has no time");
	if (event->audience_level[0] == '\0' || event->n_keys == 0)
		return err_at(ERR_FIELD_INVALID, "keys", "the event has no visitor");
	return OK;
}

Err event_sorter_add(EventSorter *sorter, const Event *event)
{
	Str packed;

	TRY(event_check(event));
	arena_reset(sorter->arena);
	TRY(wire_pack(&event->base, sorter->arena, &packed));
	if (packed.len > EVENT_BYTES_MAX)
		return err(ERR_FIELD_INVALID, "the event has %zu bytes; at most %d are possible", packed.len,
		        EVENT_BYTES_MAX);
	TRY(room_for(sorter, RECORDS_LENGTH_SIZE + packed.len));
	sorter->entries[sorter->count++] = (Entry){event->time_us, sorter->number++, sorter->len};
	put_u32(sorter->bytes + sorter->len, (uint32_t)packed.len);
	memcpy(sorter->bytes + sorter->len + RECORDS_LENGTH_SIZE, packed.ptr, packed.len);
	sorter->len += RECORDS_LENGTH_SIZE + packed.len;
	return OK;
}

bool event_sorter_is_full(const EventSorter *sorter)
{
	return sorter->len >= sorter->memory;
}

// --- keeping ---

static int entry_order(const void *a, const void *b)
{
	const Entry *x = a, *y = b;
	if (x->time_us != y->time_us)
		return x->time_us < y->time_us ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

static Err run_write(const EventSorter *sorter, FILE *file)
{
	uint8_t head[RECORD_HEAD_SIZE];

	for (size_t i = 0; i < sorter->count; i++) {
		const Entry *entry = &sorter->entries[i];
		const char *event = sorter->bytes + entry->offset;
		put_u64(head, (uint64_t)entry->time_us);
		put_u64(head + 8, entry->number);
		put_u32(head + 16, get_u32(event));
		if (fwrite(head, 1, sizeof head, file) != sizeof head ||
		        fwrite(event + RECORDS_LENGTH_SIZE, 1, get_u32(event), file) != get_u32(event))
			return err_errno(ERR_IO, "cannot write a run of events");
	}
	return fflush(file) == 0 && fdatasync(fileno(file)) == 0
	               ? OK
	               : err_errno(ERR_IO, "cannot write a run of events");
}

Err event_sorter_keep(EventSorter *sorter, const char *note)
{
	char path[PATH_SIZE];

	if (sorter->count > 0) {
		if (sorter->runs == EVENT_RUNS_MAX)
			return err(
			        ERR_LIMIT, "there are more than 32 GiB of events: make several sets of them");
		qsort(sorter->entries, sorter->count, sizeof *sorter->entries, entry_order);
		run_path(path, sizeof path, sorter->dir, sorter->runs);
		FILE *file = fopen(path, "we");
		if (file == NULL)
			return err_errno(ERR_IO, "cannot write %s", path);
		Err e = run_write(sorter, file);
		fclose(file);
		TRY(e);
		TRY(dir_sync(sorter->dir));
		sorter->runs++;
		sorter->count = sorter->len = 0;
	}
	return state_write(sorter, note);
}

// --- the set ---

static void files_remove(const EventSorter *sorter)
{
	char path[PATH_SIZE];

	state_path(sorter, path);
	unlink(path);
	for (size_t i = 0; i <= sorter->runs; i++) { // one that no state knew, too
		run_path(path, sizeof path, sorter->dir, i);
		unlink(path);
	}
}

Err event_sorter_forget(EventSorter *sorter)
{
	files_remove(sorter);
	sorter->runs = sorter->count = sorter->len = 0;
	sorter->number = 0;
	return dir_sync(sorter->dir);
}

static Err set_write(EventSorter *sorter, const char *part, void (*progress)(void *, uint64_t), void *context,
        EventSetInfo *ret)
{
	BlockWriter writer = {0};
	FILE *file = fopen(part, "we");

	if (file == NULL)
		return err_errno(ERR_IO, "cannot write %s", part);
	Err e = blocks_begin(&writer, file);
	if (!e)
		e = runs_merge(sorter->dir, sorter->runs, &writer, progress, context);
	if (!e)
		e = blocks_end(&writer);
	if (!e && (fflush(file) != 0 || fdatasync(fileno(file)) != 0))
		e = err_errno(ERR_IO, "cannot write %s", part);
	*ret = writer.info;
	blocks_done(&writer);
	fclose(file);
	return e;
}

static Err set_place(const char *part, const char *path)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(PATH_SIZE, 0);
	char *dir = arena != NULL ? arena_cstr(arena, str(path)) : NULL;

	if (dir == NULL)
		return no_memory();
	char *slash = strrchr(dir, '/');
	if (slash != NULL)
		*slash = '\0';
	if (rename(part, path) != 0)
		return err_errno(ERR_IO, "cannot write %s", path);
	return dir_sync(slash == NULL ? "." : slash == dir ? "/" : dir);
}

Err event_sorter_finish(EventSorter *sorter, const char *path,
        void (*progress)(void *context, uint64_t events), void *context, EventSetInfo *ret)
{
	char part[PATH_SIZE];
	// Only the caller knows the note that belongs to what was added since.
	Err e = sorter->count == 0 ? OK
	                           : err(ERR_INTERNAL, "event_sorter_keep comes before event_sorter_finish");

	snprintf(part, sizeof part, "%s/set", sorter->dir);
	if (!e)
		e = set_write(sorter, part, progress, context, ret);
	if (!e)
		e = set_place(part, path);
	if (!e) {
		files_remove(sorter);
		rmdir(sorter->dir);
	}
	event_sorter_close(sorter);
	return e;
}
