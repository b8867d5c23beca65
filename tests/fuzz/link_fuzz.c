// Any text as what comes behind /c/ and /s/, as a destination and as a key file. A token that is taken must
// be the one text of its link; nobody has the key here, so one that is taken at all came from
// link_click_write.
#include "fuzz.h"

#include "link/link.h"

#include <stdlib.h>

static void try_token(const LinkKeys *keys, Str text)
{
	char again[LINK_TOKEN_CHARS];
	ClickLink link;
	if (!link_click_read(keys, text, &link))
		return;
	if (!link_click_write(keys, str(link.treatment_code), link.offer, link.expires_s, again) ||
	        memcmp(again, text.ptr, LINK_TOKEN_CHARS) != 0)
		abort();
}

static void try_source(const LinkKeys *keys, Str text)
{
	char code[LINK_SOURCE_CHARS + 1], again[LINK_SOURCE_CHARS + 1];
	if (!link_source_normalize(text, code))
		return;
	if (!link_source_normalize(str(code), again) || memcmp(code, again, sizeof code) != 0)
		abort();
	(void)link_source_holds(keys, code, STR("bank"), STR("GOLD"));
}

static void try_destination(Str text)
{
	if (!link_destination_fine(text))
		return;
	if (!str_starts(text, STR("https://")) || memchr(text.ptr, '\r', text.len) ||
	        memchr(text.ptr, '\n', text.len) || memchr(text.ptr, '\\', text.len) ||
	        memchr(text.ptr, '\0', text.len))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	LinkKeys keys, read;
	Str text = str_n((const char *)data, size);
	if (link_keys_make(&(uint8_t[LINK_KEY_SIZE]){1}, 1, STR("fuzz"), &keys) != OK)
		abort();
	try_token(&keys, text);
	try_source(&keys, text);
	try_destination(text);
	if (link_keys_parse(text, "fuzz", STR("fuzz"), &read) == OK &&
	        (read.count == 0 || read.count > LINK_KEYS_MAX))
		abort();
	return 0;
}
