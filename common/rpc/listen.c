// Listeners. Plaintext is for loopback only. gRPC core says no more than that a listener failed, so the
// reason is found by trying to bind the address ourselves: whoever starts a second server must be told that
// the port is taken, and by default gRPC core would even share it silently (SO_REUSEPORT, which server.c
// turns off).
#include "rpc/internal.h"

#include "base/cleanup.h"

#include <errno.h>
#include <grpc/grpc_security.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_loopback_v4(Str host)
{
	return str_starts(host, STR("127.")) && strspn(host.ptr, "0123456789.") >= host.len;
}

// "HOST:PORT" with an IPv6 host in brackets; false if there is no port.
static bool address_split(Str address, Str *ret_host, Str *ret_port)
{
	const char *colon = memrchr(address.ptr, ':', address.len);
	size_t len;

	if (!colon)
		return false;
	len = (size_t)(colon - address.ptr);
	*ret_port = str_n(colon + 1, address.len - len - 1);
	*ret_host = str_n(address.ptr, len);
	if (len >= 2 && address.ptr[0] == '[' && address.ptr[len - 1] == ']')
		*ret_host = str_n(address.ptr + 1, len - 2);
	return len > 0 && ret_port->len > 0;
}

bool rpc_address_is_loopback(Str address)
{
	Str host, port;

	if (str_starts(address, STR("unix:")))
		return true;
	return address_split(address, &host, &port) &&
	       (is_loopback_v4(host) || str_eq(host, STR("::1")) || str_eq(host, STR("localhost")));
}

static Err listener_check(const RpcListener *listener)
{
	Str host, port, address = str(listener->address);
	uint64_t number;

	if (!str_starts(address, STR("unix:")) &&
	        (!address_split(address, &host, &port) || !str_to_u64(port, &number) || number > 65535))
		return err(ERR_CONFIG_INVALID,
		        "\"%.200s\" is not an address to listen on: write HOST:PORT, such as 127.0.0.1:7501",
		        listener->address ? listener->address : "");
	if (!listener->tls && !rpc_address_is_loopback(address))
		return err(ERR_CONFIG_INVALID,
		        "%s would listen in plaintext, which is for loopback only: configure TLS, or listen "
		        "on 127.0.0.1",
		        listener->address);
	return OK;
}

Err listeners_check(const RpcServerOptions *options)
{
	if (options->listener_count == 0)
		return err(ERR_CONFIG_INVALID, "the server has no address to listen on: configure one");
	for (size_t i = 0; i < options->listener_count; i++)
		TRY(listener_check(&options->listeners[i]));
	return OK;
}

// --- why it failed ---

static void freeaddrinfop(struct addrinfo **info)
{
	if (*info)
		freeaddrinfo(*info);
}

static int try_bind(const struct addrinfo *info)
{
	int one = 1, error = 0, fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, 1) != 0)
		error = errno;
	close(fd);
	return error;
}

static Err diagnose(const RpcListener *listener, Arena *arena)
{
	CLEANUP(freeaddrinfop) struct addrinfo *found = NULL;
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	Str host, port;
	int error;

	if (!address_split(str(listener->address), &host, &port))
		return err(ERR_IO, "cannot listen on %s", listener->address);
	error = getaddrinfo(arena_cstr(arena, host), arena_cstr(arena, port), &hints, &found);
	if (error != 0)
		return err(ERR_IO, "cannot listen on %s: %s; write an address of this machine",
		        listener->address, gai_strerror(error));
	error = try_bind(found);
	if (error == EADDRINUSE)
		return err(ERR_IO,
		        "port " STR_FMT
		        " is taken: stop the program that listens on %s, or configure another port",
		        STR_ARG(port), listener->address);
	if (error != 0)
		return err(ERR_IO, "cannot listen on %s: %s", listener->address, strerror(error));
	if (listener->tls)
		return err(ERR_CONFIG_INVALID,
		        "%s and %s do not make a certificate with its key: make them anew",
		        listener->tls->certificate_file, listener->tls->key_file);
	return err(ERR_IO, "cannot listen on %s: the gRPC library refuses it", listener->address);
}

Err listen_on(Front *front, const RpcListener *listener)
{
	grpc_server_credentials *credentials;
	int port;

	if (listener->tls)
		TRY(tls_server_credentials(listener->tls, &credentials));
	else
		credentials = grpc_insecure_server_credentials_create();
	port = grpc_server_add_http2_port(front->core, listener->address, credentials);
	grpc_server_credentials_release(credentials);
	if (port == 0)
		return diagnose(listener, front->server->arena);
	if (listener->ret_port)
		*listener->ret_port = port;
	return OK;
}
