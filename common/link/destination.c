#include "link/mac.h"

#include <endian.h>
#include <stdio.h>

uint64_t link_offer_ref(Str channel, Str offer_code)
{
	char text[256];
	uint8_t hash[MAC_SIZE];
	uint64_t big = 0;
	int len = snprintf(text, sizeof text, "parley offer v1 " STR_FMT "/" STR_FMT, STR_ARG(channel),
	        STR_ARG(offer_code));
	mac_sha256(text, len < (int)sizeof text ? (size_t)len : sizeof text - 1, hash);
	memcpy(&big, hash, sizeof big);
	return be64toh(big);
}

static bool is_plain(Str url)
{
	for (size_t i = 0; i < url.len; i++)
		if (url.ptr[i] <= ' ' || url.ptr[i] > '~' || strchr("\"<>\\^`{|}", url.ptr[i]) != NULL)
			return false;
	return true;
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

// Labels of letters, digits and hyphens with dots between them; no user part, no brackets, no escapes.
static bool is_host(Str host)
{
	for (size_t i = 0; i < host.len; i++) {
		bool dot = host.ptr[i] == '.';
		if (!dot && !is_name_char(host.ptr[i]))
			return false;
		if (dot && (i == 0 || host.ptr[i - 1] == '.'))
			return false;
	}
	return host.len > 0 && host.len <= 253;
}

static bool is_port(Str port)
{
	uint64_t number = 0;
	return port.len <= 5 && str_to_u64(port, &number) && number > 0 && number <= UINT16_MAX;
}

bool link_destination_fine(Str url)
{
	static const char scheme[] = "https://";
	size_t at = sizeof scheme - 1;
	if (url.len > LINK_DESTINATION_MAX || !str_starts(url, str(scheme)) || !is_plain(url))
		return false;
	size_t end = at;
	while (end < url.len && strchr("/?#", url.ptr[end]) == NULL)
		end++;
	Str authority = str_n(url.ptr + at, end - at);
	const char *colon = authority.len > 0 ? memchr(authority.ptr, ':', authority.len) : NULL;
	if (colon == NULL)
		return is_host(authority);
	size_t host = (size_t)(colon - authority.ptr);
	return is_host(str_n(authority.ptr, host)) && is_port(str_n(colon + 1, authority.len - host - 1));
}
