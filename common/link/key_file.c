#include "link/mac.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <openssl/crypto.h>
#include <stdio.h>

enum { FILE_MAX = 4096, LABEL_MAX = 320 };

// A key for one use in one environment.
static Err derive(const uint8_t *key, const char *use, Str environment, LinkMac *ret)
{
	char label[LABEL_MAX];
	uint8_t derived[MAC_SIZE];
	LinkMac mac;
	int len = snprintf(label, sizeof label, "parley link v1 %s " STR_FMT, use, STR_ARG(environment));
	if (len < 0 || len >= (int)sizeof label)
		return err(ERR_LIMIT, "the environment's name is too long for links");
	mac_prepare(key, &mac);
	mac_of(&mac, label, (size_t)len, derived);
	mac_prepare(derived, ret);
	OPENSSL_cleanse(derived, sizeof derived);
	OPENSSL_cleanse(&mac, sizeof mac);
	return OK;
}

Err link_keys_make(const uint8_t (*keys)[LINK_KEY_SIZE], size_t count, Str environment, LinkKeys *ret)
{
	*ret = (LinkKeys){0};
	if (count == 0 || count > LINK_KEYS_MAX)
		return err(ERR_LIMIT, "%zu link keys; give one to %d, the one that signs first", count,
		        LINK_KEYS_MAX);
	for (size_t i = 0; i < count; i++) {
		TRY(derive(keys[i], "click", environment, &ret->clicks[i]));
		TRY(derive(keys[i], "source", environment, &ret->sources[i]));
	}
	ret->count = count;
	return OK;
}

static Str next_line(Str *text)
{
	const char *end = text->len > 0 ? memchr(text->ptr, '\n', text->len) : NULL;
	Str line = {text->ptr, end != NULL ? (size_t)(end - text->ptr) : text->len};
	size_t taken = line.len + (end != NULL);
	*text = str_n(text->ptr + taken, text->len - taken);
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

Err link_keys_parse(Str text, const char *name, Str environment, LinkKeys *ret)
{
	uint8_t keys[LINK_KEYS_MAX + 1][LINK_KEY_SIZE];
	size_t count = 0;
	Err result = OK;
	for (size_t number = 1; result == OK && text.len > 0 && count <= LINK_KEYS_MAX; number++) {
		Str line = next_line(&text);
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		if (!hex_decode(line, keys[count++], LINK_KEY_SIZE))
			result = err(ERR_CONFIG_INVALID,
			        "%s:%zu is no link key: 64 hex digits, such as `openssl rand -hex 32` makes",
			        name, number);
	}
	if (result == OK && link_keys_make(keys, count, environment, ret) != OK)
		result = err_context(ERR_CONFIG_INVALID, "%s", name);
	OPENSSL_cleanse(keys, sizeof keys);
	return result;
}

Err link_keys_read(const char *path, Str environment, LinkKeys *ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(FILE_MAX, 0);
	Str text;
	if (arena == NULL)
		return err(ERR_NO_MEMORY, "no memory for the link keys");
	if (file_read(path, FILE_MAX, arena, &text) != OK)
		return err_context(ERR_CONFIG_INVALID, "the link keys cannot be read");
	Err result = link_keys_parse(text, path, environment, ret);
	OPENSSL_cleanse((void *)(uintptr_t)text.ptr, text.len);
	return result;
}
