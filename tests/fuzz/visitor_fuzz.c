// A checkpoint of visitor state from anywhere. It must never be taken for what it is not, and what is taken
// must be sound: written again and read again it is the same.
#include "fuzz.h"

#include "base/cleanup.h"
#include "visitor/keeper.h"
#include "world/section.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { INPUT_MAX = 64 << 10, SEED = 7 };

static Visitors *visitors;
static char dir[] = "/tmp/visitor-fuzz-XXXXXX";

static void remove_folder(void)
{
	char command[64];
	visitors_close(visitors);
	snprintf(command, sizeof command, "rm -r %s", dir);
	(void)!system(command);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	static Journal *journal;
	char journal_dir[64], state_dir[64];
	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(journal_dir, sizeof journal_dir, "%s/journal", dir);
	snprintf(state_dir, sizeof state_dir, "%s/visitors", dir);
	if (journal_open(&(JournalOptions){.dir = journal_dir, .runtime_id = STR("r"), .retain = true},
	            &journal) != OK)
		abort();
	VisitorsOptions options = {.dir = state_dir, .journal = journal, .treatment_bytes = 8 << 20};
	if (visitors_open(&options, &visitors) != OK)
		abort();
	atexit(remove_folder);
	return 0;
}

static void put(FILE *out, SectionType type, const uint8_t *payload, size_t len)
{
	static uint8_t section[SECTION_HEADER + INPUT_MAX];
	if (len > 0)
		memcpy(section + SECTION_HEADER, payload, len);
	section_seal(section, type, len);
	fwrite(section, 1, SECTION_HEADER + len, out);
}

static void put_head(FILE *out)
{
	Bytes head = {0};
	bytes_put_u64(&head, 1);
	bytes_put_u64(&head, SEED);
	bytes_put_u64(&head, 0);
	bytes_put_u32(&head, VISITOR_SHARDS);
	bytes_put_u32(&head, TREATMENT_SHARDS);
	fwrite(CHECKPOINT_MAGIC, 1, MAGIC_SIZE, out);
	put(out, SECTION_HEAD, head.ptr, head.len);
	bytes_free(&head);
}

// The next piece of the input: its length in sixteens, then its bytes.
static Str take_piece(const uint8_t **input, size_t *size)
{
	if (*size == 0)
		return (Str){0};
	size_t len = (size_t) * *input * 16, left = *size - 1;
	Str piece = str_n((const char *)*input + 1, len < left ? len : left);
	*input += 1 + piece.len;
	*size -= 1 + piece.len;
	return piece;
}

static void put_name(Bytes *out, const char *channel, const char *text)
{
	bytes_put_u32(out, (uint32_t)strlen(channel));
	bytes_put_u32(out, (uint32_t)strlen(text));
	bytes_put(out, channel, strlen(channel));
	bytes_put(out, text, strlen(text));
}

// One visitor whose slots are the piece.
static void put_visitor(Bytes *out, Str slots)
{
	bytes_put_u32(out, 1);
	put_name(out, "c", "level");
	bytes_put_u32(out, 2);
	put_name(out, "c", "a");
	put_name(out, "c", "b");
	bytes_put_u32(out, 0);
	bytes_put_u16(out, 1);
	bytes_put_u16(out, (uint16_t)(slots.len / 16));
	bytes_put(out, "v", 1);
	bytes_put(out, slots.ptr, slots.len / 16 * 16);
}

static void put_shard(FILE *out, uint32_t index, bool visited, Str slots)
{
	Bytes payload = {0};
	bytes_put_u32(&payload, index);
	bytes_put_u64(&payload, 0);
	bytes_put_u32(&payload, 0);
	bytes_put_u32(&payload, visited);
	bytes_put_u32(&payload, UINT32_MAX); // nobody is swept
	if (visited)
		put_visitor(&payload, slots);
	else
		bytes_put_u64(&payload, 0); // no names of either kind
	put(out, SECTION_VISITORS, payload.ptr, payload.len);
	bytes_free(&payload);
}

static uint32_t shard_of_visitor(void)
{
	Name *place = NULL;
	if (names_add(visitors->places, STR("c"), STR("level"), &place) != OK)
		abort();
	visitors->seed = SEED;
	return (uint32_t)(shard_of(visitors, visitor_hash(visitors, place, STR("v"))) - visitors->shards);
}

// Wraps the input, so that the fuzzer gets past checksums and the order of sections: its pieces are a
// visitor's slots, a shard, the counts and a shard of treatments; the rest is empty.
static void put_wrapped(FILE *out, const uint8_t *input, size_t size)
{
	static const uint8_t nothing[16];
	Str slots = take_piece(&input, &size), shard = take_piece(&input, &size),
	    counts = take_piece(&input, &size), treatments = take_piece(&input, &size);
	uint32_t visited = shard_of_visitor(), sections = 1;
	put_head(out);
	for (uint32_t i = 0; i < VISITOR_SHARDS; i++, sections++) {
		if (i == 0 && shard.len > 0)
			put(out, SECTION_VISITORS, (const uint8_t *)shard.ptr, shard.len);
		else
			put_shard(out, i, i == visited, slots);
	}
	if (counts.len > 0) {
		put(out, SECTION_COUNTS, (const uint8_t *)counts.ptr, counts.len);
		sections++;
	}
	for (uint32_t i = 0; i < TREATMENT_SHARDS; i++, sections++) {
		uint8_t empty[sizeof nothing];
		memcpy(empty, nothing, sizeof empty);
		memcpy(empty, &i, sizeof i);
		if (i == 0 && treatments.len > 0)
			put(out, SECTION_TREATMENTS, (const uint8_t *)treatments.ptr, treatments.len);
		else
			put(out, SECTION_TREATMENTS, empty, sizeof empty);
	}
	uint8_t end[4];
	memcpy(end, &sections, sizeof end);
	put(out, SECTION_END, end, sizeof end);
}

static Str content(int fd, Arena *arena)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *bytes = arena_alloc(arena, (size_t)size + 1);
	if (bytes == NULL || pread(fd, bytes, (size_t)size, 0) != size)
		abort();
	return str_n(bytes, (size_t)size);
}

static Str write_again(int fd, Arena *arena)
{
	CheckpointInfo info;
	uint64_t last = 0;
	if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0 ||
	        checkpoint_write(visitors, fd, 0, &info, &last) != OK)
		abort();
	return content(fd, arena);
}

static bool load(int fd)
{
	CheckpointInfo info;
	visitors_clear(visitors);
	return lseek(fd, 0, SEEK_SET) == 0 && checkpoint_read(visitors, fd, "fuzz", &info) == OK;
}

static void take(int fd)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	if (!load(fd))
		return;
	Str once = write_again(fd, arena);
	if (!load(fd))
		abort();
	Str again = write_again(fd, arena);
	if (!str_eq(once, again))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size = size < INPUT_MAX ? size : INPUT_MAX;
	for (int wrapped = 0; wrapped < 2; wrapped++) {
		int fd = memfd_create("checkpoint", 0);
		FILE *out = fdopen(dup(fd), "w");
		if (fd < 0 || out == NULL)
			abort();
		if (wrapped)
			put_wrapped(out, data, size);
		else
			fwrite(data, 1, size, out);
		fclose(out);
		take(fd);
		close(fd);
	}
	return 0;
}
