// Any lines as a story told to a rehearsal of the bank: each is answered by one JSON object.
#include "fuzz.h"

#include "rehearsal/driver.h"
#include "world/world.h"

#include <stdlib.h>

static RehearsalContent *content;

static void make_content(void)
{
	Arena *arena = arena_new(1 << 16, 0);
	Str blob;
	if (!arena || snapshot_pack(world_finish(world_whole(arena)), arena, &blob) != OK ||
	        rehearsal_content_open(blob, 1, &content) != OK)
		abort();
	arena_free(arena);
}

static void tell(Driver *driver, Str text)
{
	Arena *arena = arena_new(1 << 16, 0);
	if (!arena)
		abort();
	while (text.len > 0) {
		const char *end = memchr(text.ptr, '\n', text.len);
		Str line = str_n(text.ptr, end ? (size_t)(end - text.ptr) : text.len), answer;
		if (driver_line(driver, line, arena, &answer) != OK || answer.len < 2 || answer.ptr[0] != '{')
			abort();
		arena_reset(arena);
		text = str_n(text.ptr + line.len, text.len - line.len);
		if (text.len > 0)
			text = str_n(text.ptr + 1, text.len - 1);
	}
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Driver *driver = NULL;
	if (!content)
		make_content();
	if (driver_new(&(DriverOptions){.content = content, .state_fd = -1}, &driver) != OK)
		abort();
	tell(driver, str_n((const char *)data, size));
	driver_free(driver);
	return 0;
}
