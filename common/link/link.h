// Links and codes that lead from outside to an offer's destination: what is written into a click link, the
// short codes for print and telephone, and where either may lead. Both only name an offer; the address comes
// from a verified snapshot, never from outside. README.md has the formats.
#pragma once
#include "base/arena.h"
#include "base/error.h"

enum {
	LINK_KEY_SIZE = 32,
	LINK_KEYS_MAX = 4,           // the one that signs, and older ones whose links still hold
	LINK_TREATMENT_CHARS = 19,   // of a treatment code
	LINK_TOKEN_CHARS = 55,       // of a click link's token
	LINK_SOURCE_CHARS = 12,      // of a source code without hyphens
	LINK_SOURCE_TEXT = 14,       // with them: XXXX-XXXX-XXXX
	LINK_DESTINATION_MAX = 2048, // bytes
};
#define LINK_SOURCE_SERIALS (1u << 25) // source codes of an environment

// --- keys ---

// SHA-256 states after a key's block: what every MAC under it begins with.
typedef struct LinkMac {
	uint32_t inner[8], outer[8];
} LinkMac;

// An environment's keys, ready to use. Nothing in it points anywhere; any thread may use it.
typedef struct LinkKeys {
	LinkMac clicks[LINK_KEYS_MAX], sources[LINK_KEYS_MAX]; // [0] signs
	size_t count;
} LinkKeys;

// Makes the keys that are used of those in the file's form: each is bound to its use and to the environment,
// so that what is signed for one is worth nothing in another, even under the same file. Errors: LIMIT (none,
// or too many).
Err link_keys_make(const uint8_t (*keys)[LINK_KEY_SIZE], size_t count, Str environment, LinkKeys *ret);
// Reads a key file: a line of 64 hex digits a key, the one that signs first; empty lines and those that begin
// with # count for nothing. Errors: CONFIG_INVALID, which names the line and never shows it.
Err link_keys_read(const char *path, Str environment, LinkKeys *ret);
// The same from text; `name` is what errors call it.
Err link_keys_parse(Str text, const char *name, Str environment, LinkKeys *ret);

// --- offers ---

// What stands for an offer in a link: 64 bits of the SHA-256 of channel and code.
uint64_t link_offer_ref(Str channel, Str offer_code);
// Whether a click may lead there: https, a plain host, no user part, printable ASCII without blanks, quotes
// and backslashes, at most LINK_DESTINATION_MAX bytes.
bool link_destination_fine(Str url);

// --- click links ---

typedef struct ClickLink {
	char treatment_code[LINK_TREATMENT_CHARS + 1]; // which is the click's ID too
	uint64_t offer;                                // link_offer_ref
	int64_t expires_s;                             // since 1970
} ClickLink;

// Writes LINK_TOKEN_CHARS characters and no NUL. False if `treatment_code` is none, or the time does not fit.
bool link_click_write(const LinkKeys *keys, Str treatment_code, uint64_t offer, int64_t expires_s, char *ret);
// Reads what link_click_write wrote, under any of the keys. False for everything else: one text a link.
bool link_click_read(const LinkKeys *keys, Str token, ClickLink *ret);

// --- source codes ---

// Writes the code with that number for an offer, as XXXX-XXXX-XXXX and a NUL. `serial` below
// LINK_SOURCE_SERIALS.
void link_source_write(
        const LinkKeys *keys, Str channel, Str offer_code, uint32_t serial, char ret[LINK_SOURCE_TEXT + 1]);
// What people write made one: upper case, O as 0, I and L as 1, hyphens and blanks left out. False if it is
// no source code: another length, other characters, or the check character does not fit.
bool link_source_normalize(Str text, char ret[LINK_SOURCE_CHARS + 1]);
// Whether a normalized code could be the offer's: a fast look before link_source_holds.
bool link_source_may_be(const char *code, uint64_t offer);
// Whether it was made for this offer under one of the keys.
bool link_source_holds(const LinkKeys *keys, const char *code, Str channel, Str offer_code);
