// Keys in files, as the verbs take them: whose passphrase is asked for, and public keys beside names.
#pragma once
#include "cli.h"
#include "snapshot/trust.h"

// Opens a private key; asks for its passphrase if it is encrypted. The caller frees the key.
Err keyring_open(Cli *cli, const char *path, SigningKey **ret);
// The public key in a file: a public one as it stands, a private one after it was opened.
Err keyring_public(Cli *cli, const char *path, uint8_t ret[32], bool *ret_private);
// Signatures over (type, payload) by all the keys that --key names; `ret` has room for `max`. Errors also:
// FIELD_INVALID (no key was given, or too many).
Err keyring_sign(Cli *cli, Str type, Str payload, size_t max, Parley__Snapshot__V1__Signature **ret,
        size_t *ret_count);

static inline void signing_key_freep(SigningKey **key)
{
	signing_key_free(*key);
}
