// Any bytes as a release file: taken apart within limits, and nothing of it is believed.
#include "base/cleanup.h"
#include "fuzz.h"
#include "release/release_file.h"
#include "world/seal.h"

#include <stdlib.h>

static void try_bytes(Str bytes)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 64 << 20);
	ReleaseFile *release;
	ReleaseCheck check;
	if (release_file_parse(bytes, arena, &release) == OK)
		(void)release_file_verify(release, (Str){0}, TEST_NOW_US, arena, &check);
}

// With the right head, so that what is behind the digest is reached.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char magic[] = "PARLEY-RELEASE 1\n";
	Str bytes = str_n((const char *)data, size);
	Digest digest = digest_of(bytes);
	char *file = malloc(sizeof magic - 1 + sizeof digest + size);
	if (!file)
		abort();
	try_bytes(bytes);
	memcpy(file, magic, sizeof magic - 1);
	memcpy(file + sizeof magic - 1, digest.bytes, sizeof digest);
	memcpy(file + sizeof magic - 1 + sizeof digest, data, size);
	try_bytes(str_n(file, sizeof magic - 1 + sizeof digest + size));
	free(file);
	return 0;
}
