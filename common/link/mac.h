// HMAC-SHA-256 (RFC 2104) for messages of one block, under a key whose two blocks were hashed beforehand.
#pragma once
#include "link/link.h"

enum { MAC_SIZE = 32 };

// Of a key of LINK_KEY_SIZE bytes.
void mac_prepare(const uint8_t *key, LinkMac *ret);
void mac_of(const LinkMac *mac, const void *message, size_t len, uint8_t ret[MAC_SIZE]);
void mac_sha256(const void *data, size_t len, uint8_t ret[MAC_SIZE]);
// Takes as long whether they differ early, late or not at all.
bool mac_equal(const uint8_t *a, const uint8_t *b, size_t len);
