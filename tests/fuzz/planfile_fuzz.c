// Any file as a plan: refused, or read to its end.
#include "fuzz.h"

#include "planfile/planfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void read_all(const char *path)
{
	PlanFile *plan = NULL;
	if (plan_file_open(path, &plan) != OK)
		return;
	for (size_t i = 0; i < plan_file_blocks(plan); i++) {
		Arena *arena = arena_new(1 << 16, 0);
		const EventEffects *const *effects;
		size_t count;
		if (arena != NULL)
			(void)plan_file_block(plan, i, arena, &effects, &count);
		arena_free(arena);
	}
	(void)plan_file_verify(plan, NULL, NULL);
	plan_file_close(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd = memfd_create("plan", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	read_all(path);
	close(fd);
	return 0;
}
