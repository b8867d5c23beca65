// Sections of a checkpoint made by hand: what no server would write, with a checksum that is right.
#pragma once
#include "journal/crc32c.h"
#include "visitor/section.h"

#include <endian.h>
#include <string.h>

// Writes the header of a section whose payload of `len` bytes stands at section + SECTION_HEADER.
static inline void section_seal(uint8_t *section, SectionType type, size_t len)
{
	uint32_t kind = htole32(type), crc;
	uint64_t size = htole64(len);
	memcpy(section + 4, &kind, sizeof kind);
	memcpy(section + 8, &size, sizeof size);
	crc = htole32(crc32c(0, section + 4, SECTION_HEADER - 4 + len));
	memcpy(section, &crc, sizeof crc);
}
