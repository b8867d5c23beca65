// Certificates. gRPC core takes PEM texts, not files, and tells nothing of what is wrong with them before a
// handshake fails: so the files are looked at here. Its oldest TLS version is 1.2.
#include "rpc/internal.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>

enum { PEM_MAX = 256 * 1024 };

typedef struct Pems {
	Str certificate, key, ca;
} Pems;

static Err pem_read(const char *path, const char *what, const char *marker, Arena *arena, Str *ret)
{
	Err e;

	if (!path)
		return OK;
	e = file_read(path, PEM_MAX, arena, ret);
	if (e != OK)
		return err_context(e, "the %s", what);
	if (!memmem(ret->ptr, ret->len, marker, strlen(marker)))
		return err(ERR_CONFIG_INVALID, "%s is not a PEM file with a %s: it has no line \"%s\"", path,
		        what, marker);
	return OK;
}

static Err pems_read(const RpcTls *tls, Arena *arena, Pems *ret)
{
	*ret = (Pems){0};
	if (!tls->certificate_file != !tls->key_file)
		return err(ERR_CONFIG_INVALID,
		        "a certificate needs its key and a key its certificate: set both files");
	TRY(pem_read(tls->certificate_file, "certificate", "-----BEGIN CERTIFICATE-----", arena,
	        &ret->certificate));
	TRY(pem_read(tls->key_file, "private key", "PRIVATE KEY-----", arena, &ret->key));
	return pem_read(tls->ca_file, "CA certificate", "-----BEGIN CERTIFICATE-----", arena, &ret->ca);
}

static grpc_ssl_client_certificate_request_type request_type(const RpcTls *tls)
{
	if (!tls->ca_file)
		return GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
	return tls->require_client_certificate ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
	                                       : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
}

Err tls_server_credentials(const RpcTls *tls, grpc_server_credentials **ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	grpc_ssl_pem_key_cert_pair pair;
	Pems pems;

	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for certificates");
	if (!tls->certificate_file || !tls->key_file)
		return err(ERR_CONFIG_INVALID, "a TLS listener needs a certificate file and a key file");
	if (tls->require_client_certificate && !tls->ca_file)
		return err(ERR_CONFIG_INVALID,
		        "client certificates are required but no CA file says who signs them");
	TRY(pems_read(tls, arena, &pems));
	pair = (grpc_ssl_pem_key_cert_pair){.private_key = pems.key.ptr, .cert_chain = pems.certificate.ptr};
	*ret = grpc_ssl_server_credentials_create_ex(pems.ca.ptr, &pair, 1, request_type(tls), NULL);
	return *ret ? OK : err(ERR_CONFIG_INVALID, "the TLS library refuses %s", tls->certificate_file);
}

Err tls_client_credentials(const RpcTls *tls, grpc_channel_credentials **ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	grpc_ssl_pem_key_cert_pair pair;
	Pems pems;

	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for certificates");
	if (!tls->ca_file)
		return err(ERR_CONFIG_INVALID,
		        "a TLS client needs a CA file that says who signs the server's certificate");
	TRY(pems_read(tls, arena, &pems));
	pair = (grpc_ssl_pem_key_cert_pair){.private_key = pems.key.ptr, .cert_chain = pems.certificate.ptr};
	*ret = grpc_ssl_credentials_create_ex(pems.ca.ptr, pems.key.ptr ? &pair : NULL, NULL, NULL);
	return *ret ? OK : err(ERR_CONFIG_INVALID, "the TLS library refuses %s", tls->ca_file);
}
