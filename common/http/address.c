#include "http/internal.h"

#include <arpa/inet.h>

enum { HOST_SIZE = INET6_ADDRSTRLEN + 16 };

static bool is_loopback(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *in = (const void *)address;
	const struct sockaddr_in6 *in6 = (const void *)address;
	if (address->ss_family == AF_INET)
		return (ntohl(in->sin_addr.s_addr) >> 24) == 127;
	return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static bool read_host(Str host, uint16_t port, struct sockaddr_storage *ret)
{
	char text[HOST_SIZE] = "";
	struct sockaddr_in *in = (void *)ret;
	struct sockaddr_in6 *in6 = (void *)ret;
	bool bracketed = host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
	if (host.len == 0 || host.len >= sizeof(text))
		return false;
	memcpy(text, host.ptr + bracketed, host.len - 2 * (size_t)bracketed);
	if (bracketed && inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		return true;
	}
	if (!bracketed && inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		return true;
	}
	return false;
}

Err address_parse(Str text, bool loopback_only, struct sockaddr_storage *ret)
{
	const char *colon = text.len ? memrchr(text.ptr, ':', text.len) : NULL;
	size_t len = colon ? (size_t)(colon - text.ptr) : 0;
	uint64_t port = 0;
	*ret = (struct sockaddr_storage){0};
	bool fine = colon && str_to_u64(str_n(colon + 1, text.len - len - 1), &port) && port < 65536 &&
	            read_host(str_n(text.ptr, len), (uint16_t)port, ret);
	if (fine && (!loopback_only || is_loopback(ret)))
		return OK;
	if (loopback_only)
		return err(ERR_CONFIG_INVALID,
		        "http: \"" STR_FMT
		        "\" is not a loopback address and port such as 127.0.0.1:7480; HTTP has no TLS here, "
		        "so put a proxy in front of it for other machines",
		        STR_ARG(text));
	return err(ERR_CONFIG_INVALID,
	        "http: \"" STR_FMT "\" is not an address and port such as 127.0.0.1:7491 or [::1]:7491",
	        STR_ARG(text));
}

Str address_write(const struct sockaddr *address, Arena *arena)
{
	char host[INET6_ADDRSTRLEN] = "";
	if (address && address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)address;
		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		return str(arena_printf(arena, "ipv4:%s:%u", host, ntohs(in->sin_port)));
	}
	if (address && address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)address;
		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		return str(arena_printf(arena, "ipv6:[%s]:%u", host, ntohs(in6->sin6_port)));
	}
	return (Str){0};
}
