#include "audit/chain.h"

#include <endian.h>
#include <openssl/evp.h>

static const char domain[] = "parley audit entry v1"; // hashed with its NUL

static bool add_number(EVP_MD_CTX *digest, uint64_t number)
{
	uint64_t big = htobe64(number);
	return EVP_DigestUpdate(digest, &big, sizeof big) == 1;
}

// The length first: what ends one text and begins the next can then not be moved.
static bool add_text(EVP_MD_CTX *digest, Str text)
{
	return add_number(digest, text.len) &&
	       EVP_DigestUpdate(digest, text.ptr ? text.ptr : "", text.len) == 1;
}

static bool add_entry(EVP_MD_CTX *digest, const AuditHead *head, const AuditEntry *entry)
{
	const Str texts[] = {entry->actor, entry->action, entry->kind, entry->channel, entry->name,
	        entry->before, entry->after};
	bool fine = EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 &&
	            EVP_DigestUpdate(digest, domain, sizeof domain) == 1 &&
	            EVP_DigestUpdate(digest, head->hash, sizeof head->hash) == 1 &&
	            add_number(digest, head->sequence + 1) && add_number(digest, (uint64_t)entry->time_us);
	for (size_t i = 0; fine && i < ARRAY_COUNT(texts); i++)
		fine = add_text(digest, texts[i]);
	return fine;
}

Err audit_chain(AuditHead *head, const AuditEntry *entry)
{
	uint8_t hash[AUDIT_HASH_SIZE];
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	bool fine = digest && add_entry(digest, head, entry) && EVP_DigestFinal_ex(digest, hash, NULL) == 1;
	EVP_MD_CTX_free(digest);
	if (!fine)
		return err(ERR_INTERNAL, "OpenSSL cannot compute SHA-256");
	head->sequence++;
	memcpy(head->hash, hash, sizeof hash);
	return OK;
}
