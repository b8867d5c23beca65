// Private keys in files. A person's key is encrypted by a passphrase, slowly on purpose (scrypt), in the form
// that OpenSSL's own tools read; a server's is not, for nobody is there to ask. Neither passphrase nor key
// stays in memory for longer than it is needed.
#include "snapshot/internal.h"

#include "base/file.h"

#include <fcntl.h>
#include <openssl/asn1t.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PEM_MAX = 16 * 1024,
	PASSPHRASE_MAX = 1024,
	SCRYPT_N = 1 << 14, // 16 MiB at r = 8: what OpenSSL's tools allow without being asked
	SCRYPT_R = 8,
	SCRYPT_P = 5,
	SCRYPT_P_MAX = 64,
	PBKDF2_ROUNDS_MAX = 10 * 1000 * 1000,
};

static void pkey_freep(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
}

static void bio_freep(BIO **bio)
{
	BIO_free(*bio);
}

static void pkcs8_freep(PKCS8_PRIV_KEY_INFO **info)
{
	PKCS8_PRIV_KEY_INFO_free(*info);
}

static void sealed_freep(X509_SIG **sealed)
{
	X509_SIG_free(*sealed);
}

static void pbe2_freep(PBE2PARAM **param)
{
	PBE2PARAM_free(*param);
}

static void pbkdf2_freep(PBKDF2PARAM **param)
{
	PBKDF2PARAM_free(*param);
}

static void scrypt_freep(SCRYPT_PARAMS **param)
{
	SCRYPT_PARAMS_free(*param);
}

typedef struct Pem {
	char *name, *header;
	unsigned char *data;
	long len;
} Pem;

static void pem_freep(Pem *pem)
{
	OPENSSL_free(pem->name);
	OPENSSL_free(pem->header);
	OPENSSL_clear_free(pem->data, (size_t)pem->len);
}

static Err not_a_key(const char *path)
{
	return err(ERR_CONFIG_INVALID,
	        "%s is not an Ed25519 private key in PEM (PKCS #8): make one with parley key new, or with "
	        "openssl genpkey -algorithm ed25519",
	        path);
}

static Err read_private(const char *path, char *buffer, size_t size, size_t *ret_len)
{
	struct stat info;
	CLEANUP(fd_closep) int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0 || fstat(file, &info) < 0)
		return err_errno(ERR_IO, "cannot open the key %s", path);
	if (info.st_mode & 07)
		return err(
		        ERR_CONFIG_INVALID, "%s is a private key that everybody may use: chmod 600 it", path);
	ssize_t got = 0;
	size_t len = 0;
	while (len < size && (got = read(file, buffer + len, size - len)) > 0)
		len += (size_t)got;
	if (got < 0)
		return err_errno(ERR_IO, "cannot read the key %s", path);
	*ret_len = len;
	return len < size ? OK : not_a_key(path);
}

static Err key_of(const char *path, const PKCS8_PRIV_KEY_INFO *info, SigningKey **ret)
{
	CLEANUP(pkey_freep) EVP_PKEY *pkey = info ? EVP_PKCS82PKEY(info) : NULL;
	size_t len = sizeof(*ret)->public_bytes;
	SigningKey *key = malloc(sizeof *key);
	if (!key)
		return err(ERR_NO_MEMORY, "no memory for a key");
	if (!pkey || !EVP_PKEY_is_a(pkey, "ED25519") ||
	        EVP_PKEY_get_raw_public_key(pkey, key->public_bytes, &len) != 1) {
		free(key);
		return not_a_key(path);
	}
	key->pkey = STEAL(pkey);
	*ret = key;
	return OK;
}

static bool is_between(const ASN1_INTEGER *value, uint64_t least, uint64_t most)
{
	uint64_t number = 0;
	return value && ASN1_INTEGER_get_uint64(&number, value) == 1 && number >= least && number <= most;
}

// A file may ask for hours of work; what our own and OpenSSL's tools write asks for a second.
static bool asks_for_little(const X509_SIG *sealed)
{
	const X509_ALGOR *algorithm = NULL;
	X509_SIG_get0(sealed, &algorithm, NULL);
	CLEANUP(pbe2_freep)
	PBE2PARAM *pbe2 = OBJ_obj2nid(algorithm->algorithm) == NID_pbes2
	                          ? ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter)
	                          : NULL;
	if (!pbe2)
		return false;
	const X509_ALGOR *slow = pbe2->keyfunc;
	if (OBJ_obj2nid(slow->algorithm) == NID_id_scrypt) {
		CLEANUP(scrypt_freep)
		SCRYPT_PARAMS *scrypt =
		        ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), slow->parameter);
		return scrypt && is_between(scrypt->costParameter, 2, SCRYPT_N) &&
		       is_between(scrypt->blockSize, 1, SCRYPT_R) &&
		       is_between(scrypt->parallelizationParameter, 1, SCRYPT_P_MAX);
	}
	CLEANUP(pbkdf2_freep)
	PBKDF2PARAM *pbkdf2 =
	        OBJ_obj2nid(slow->algorithm) == NID_id_pbkdf2
	                ? ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), slow->parameter)
	                : NULL;
	return pbkdf2 && is_between(pbkdf2->iter, 1, PBKDF2_ROUNDS_MAX);
}

static Err open_sealed(const char *path, const Pem *pem, PassphraseAsk ask, void *context, SigningKey **ret)
{
	const unsigned char *at = pem->data;
	CLEANUP(sealed_freep) X509_SIG *sealed = d2i_X509_SIG(NULL, &at, pem->len);
	if (!sealed)
		return not_a_key(path);
	if (!asks_for_little(sealed))
		return err(ERR_CONFIG_INVALID,
		        "%s is encrypted in a way that is not known here: encrypt it with openssl pkcs8 "
		        "-topk8 "
		        "-scrypt",
		        path);
	if (!ask)
		return err(ERR_CONFIG_INVALID,
		        "%s is encrypted, and a server has nobody to ask for the passphrase: give it a key "
		        "of "
		        "its own that is not",
		        path);
	char passphrase[PASSPHRASE_MAX];
	size_t len = ask(context, passphrase, sizeof passphrase);
	CLEANUP(pkcs8_freep)
	PKCS8_PRIV_KEY_INFO *info =
	        len && len <= sizeof passphrase ? PKCS8_decrypt(sealed, passphrase, (int)len) : NULL;
	OPENSSL_cleanse(passphrase, sizeof passphrase);
	if (!info)
		return err(ERR_PASSPHRASE_WRONG, "the passphrase does not open %s", path);
	return key_of(path, info, ret);
}

static Err open_pem(const char *path, const Pem *pem, PassphraseAsk ask, void *context, SigningKey **ret)
{
	if (strcmp(pem->name, PEM_STRING_PKCS8) == 0)
		return open_sealed(path, pem, ask, context, ret);
	if (strcmp(pem->name, PEM_STRING_PKCS8INF) != 0)
		return not_a_key(path);
	const unsigned char *at = pem->data;
	CLEANUP(pkcs8_freep) PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, pem->len);
	return key_of(path, info, ret);
}

static Err load(const char *path, PassphraseAsk ask, void *context, char text[PEM_MAX], SigningKey **ret)
{
	size_t len = 0;
	TRY(read_private(path, text, PEM_MAX, &len));
	CLEANUP(bio_freep) BIO *bio = BIO_new_mem_buf(text, (int)len);
	CLEANUP(pem_freep) Pem pem = {0};
	if (!bio || PEM_read_bio(bio, &pem.name, &pem.header, &pem.data, &pem.len) != 1)
		return not_a_key(path);
	return open_pem(path, &pem, ask, context, ret);
}

Err signing_key_load_encrypted(const char *path, PassphraseAsk ask, void *context, SigningKey **ret)
{
	char text[PEM_MAX];
	Err e = load(path, ask, context, text, ret);
	OPENSSL_cleanse(text, sizeof text);
	ERR_clear_error();
	return e;
}

Err signing_key_load(const char *path, SigningKey **ret)
{
	return signing_key_load_encrypted(path, NULL, NULL, ret);
}

// --- writing ---

static Err write_sealed(BIO *bio, PKCS8_PRIV_KEY_INFO *info, Str passphrase)
{
	X509_ALGOR *slow =
	        PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
	// It takes the algorithm over if all goes well.
	CLEANUP(sealed_freep)
	X509_SIG *sealed = slow ? PKCS8_set0_pbe(passphrase.ptr, (int)passphrase.len, info, slow) : NULL;
	if (!sealed)
		X509_ALGOR_free(slow);
	return sealed && PEM_write_bio_PKCS8(bio, sealed) == 1
	               ? OK
	               : err(ERR_INTERNAL, "the key could not be encrypted");
}

static Err pem_of(const SigningKey *key, Str passphrase, BIO *bio)
{
	CLEANUP(pkcs8_freep) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->pkey);
	if (!bio || !info)
		return err(ERR_NO_MEMORY, "no memory for a key");
	if (passphrase.len > PASSPHRASE_MAX)
		return err(ERR_CONFIG_INVALID, "the passphrase has %zu bytes, at most %d are allowed",
		        passphrase.len, PASSPHRASE_MAX);
	if (passphrase.len)
		return write_sealed(bio, info, passphrase);
	return PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, info) == 1
	               ? OK
	               : err(ERR_INTERNAL, "the key cannot be written");
}

static Str bio_text(BIO *bio)
{
	char *text = NULL;
	long len = BIO_get_mem_data(bio, &text);
	return str_n(text, len > 0 ? (size_t)len : 0);
}

Err signing_key_save(const SigningKey *key, const char *path, Str passphrase)
{
	CLEANUP(bio_freep) BIO *bio = BIO_new(BIO_s_secmem());
	TRY(pem_of(key, passphrase, bio));
	return file_write_durable(path, bio_text(bio), 0600);
}

static Err write_new(const char *path, Str text, unsigned mode)
{
	CLEANUP(fd_closep) int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (file < 0)
		return err_errno(ERR_IO, "cannot make %s (a key is never overwritten)", path);
	if (write(file, text.ptr, text.len) != (ssize_t)text.len || fsync(file) < 0) {
		Err e = err_errno(ERR_IO, "cannot write %s", path);
		unlink(path);
		return e;
	}
	return OK;
}

static Err write_pair(const SigningKey *key, const char *path, const char *public_path, Str passphrase)
{
	CLEANUP(bio_freep) BIO *secret = BIO_new(BIO_s_secmem());
	CLEANUP(bio_freep) BIO *known = BIO_new(BIO_s_mem());
	TRY(pem_of(key, passphrase, secret));
	if (!known || PEM_write_bio_PUBKEY(known, key->pkey) != 1)
		return err(ERR_NO_MEMORY, "no memory for a key");
	TRY(write_new(public_path, bio_text(known), 0644));
	Err e = write_new(path, bio_text(secret), 0600);
	if (e)
		unlink(public_path);
	return e;
}

Err signing_key_create(const char *path, const char *public_path, Str passphrase)
{
	CLEANUP(pkey_freep) EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (!pkey)
		return err(ERR_INTERNAL, "no key could be made");
	SigningKey key = {.pkey = pkey};
	return write_pair(&key, path, public_path, passphrase);
}
