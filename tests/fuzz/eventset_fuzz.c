// Any file as an event set: refused, or read to its end without a byte outside of it.
#include "fuzz.h"

#include "base/cleanup.h"
#include "eventset/eventset.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(event_set_closep) EventSet *set = NULL;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	char path[64];
	int fd = memfd_create("set", MFD_CLOEXEC);

	if (!arena || fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (event_set_open(path, &set) == OK) {
		for (uint64_t i = 0; i < event_set_info(set)->blocks; i++) {
			const Event *const *events;
			size_t count;
			uint64_t first;

			arena_reset(arena);
			if (event_set_block(set, i, arena, &events, &count, &first) != OK)
				break;
		}
		(void)event_set_verify(set, NULL, NULL);
	}
	close(fd);
	return 0;
}
