// A private key is open for as long as it signs and no longer, and its passphrase for as long as it opens.
#include "trust/keyring.h"

#include "base/file.h"
#include "password.h"

enum { PEM_MAX = 16 * 1024 };

typedef struct Asked {
	Cli *cli;
	const char *path;
	Err e;
	ErrDetail why;
} Asked;

static size_t ask(void *context, char *buffer, size_t size)
{
	Asked *asked = context;
	const char *passphrase;
	const char *prompt = arena_printf(asked->cli->arena, "Passphrase of %s: ", asked->path);
	size_t len;

	asked->e = passphrase_read(asked->cli, OPT_PASSPHRASE_FILE, prompt, false, &passphrase);
	if (asked->e) {
		asked->why = *err_detail();
		return 0;
	}
	len = strlen(passphrase);
	if (len <= size)
		memcpy(buffer, passphrase, len);
	secret_forget(passphrase);
	return len <= size ? len : 0;
}

Err keyring_open(Cli *cli, const char *path, SigningKey **ret)
{
	Asked asked = {.cli = cli, .path = path};
	Err e = signing_key_load_encrypted(path, ask, &asked, ret);

	return asked.e ? err_restore(&asked.why) : e;
}

Err keyring_public(Cli *cli, const char *path, uint8_t ret[32], bool *ret_private)
{
	Str pem;

	TRY(file_read(path, PEM_MAX, cli->arena, &pem));
	*ret_private = strstr(pem.ptr, "PRIVATE KEY-----") != NULL;
	if (!*ret_private)
		return public_key_load(path, ret);
	CLEANUP(signing_key_freep) SigningKey *key = NULL;
	TRY(keyring_open(cli, path, &key));
	signing_key_public(key, ret);
	return OK;
}

Err keyring_sign(
        Cli *cli, Str type, Str payload, size_t max, Parley__Snapshot__V1__Signature **ret, size_t *ret_count)
{
	const OptionValue *value = cli->line.options[OPT_KEY];

	*ret_count = 0;
	if (!value)
		return cli_usage(
		        cli, "%s needs --key FILE, the private key to sign with", cli->line.verb->words);
	for (; value; value = value->next) {
		CLEANUP(signing_key_freep) SigningKey *key = NULL;
		if (*ret_count == max)
			return cli_usage(cli, "there is room for %zu signatures more", max);
		TRY(keyring_open(cli, value->text, &key));
		TRY(signature_make(key, type, payload, cli->arena, &ret[*ret_count]));
		++*ret_count;
	}
	return OK;
}
