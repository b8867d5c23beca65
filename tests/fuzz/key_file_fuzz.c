// Any bytes as a key file, private and public: refused, or a key; never hours of work.
#include "fuzz.h"
#include "snapshot/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t answer(void *context, char *buffer, size_t size)
{
	(void)context, (void)size;
	memcpy(buffer, "fuzz", 4);
	return 4;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	uint8_t known[32];
	SigningKey *key;
	int file = memfd_create("key", MFD_CLOEXEC);
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	if (file < 0 || fchmod(file, 0600) < 0 || write(file, data, size) != (ssize_t)size)
		abort();
	if (signing_key_load_encrypted(path, answer, NULL, &key) == OK)
		signing_key_free(key);
	(void)public_key_load(path, known);
	close(file);
	return 0;
}
