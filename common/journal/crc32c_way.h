// How crc32c() chooses how to compute: for it, and for tests that compare the ways.
#pragma once
#include "journal/crc32c.h"

#include <stdbool.h>

typedef uint32_t (*Crc32cWay)(uint32_t crc, const void *bytes, size_t len);

// By the processor's instruction, which it must have, or by the table.
Crc32cWay crc32c_way(bool instruction);
