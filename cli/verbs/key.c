// key: a person's or a server's key pair in files.
#include "output.h"
#include "password.h"
#include "trust/keyring.h"

enum { PASSPHRASE_MIN = 12 };

// anna.key goes with anna.pub, whatever else with itself and .pub.
static const char *public_path(Cli *cli, const char *path)
{
	Str name = str(path);

	if (str_ends(name, STR(".key")))
		name.len -= STR(".key").len;
	return arena_printf(cli->arena, STR_FMT ".pub", STR_ARG(name));
}

static Err new_passphrase(Cli *cli, OptionId file, const char **ret)
{
	*ret = NULL;
	if (cli_given(cli, OPT_NO_PASSPHRASE))
		return OK;
	TRY(passphrase_read(cli, file, "Passphrase for it (at least 12 characters): ", true, ret));
	if (strlen(*ret) >= PASSPHRASE_MIN)
		return OK;
	secret_forget(*ret);
	return err(ERR_FIELD_INVALID,
	        "the passphrase has fewer than %d characters: who has the file would guess it",
	        PASSPHRASE_MIN);
}

static Err show(Cli *cli, const char *path, const char *title)
{
	uint8_t known[32];
	char id[65], hex[65];
	bool private_one;

	TRY(keyring_public(cli, path, known, &private_one));
	public_key_id(known, id);
	hex_encode(known, sizeof known, hex);
	CLEANUP(json_decrefp_)
	json_t *item = json_pack("{s:s, s:s, s:s, s:s}", "file", path, "kind",
	        private_one ? "private" : "public", "keyid", id, "public", hex);
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, item);
	if (title)
		puts(title);
	printf("file    %s (%s)\nkeyid   %s\npublic  %s\n", path, private_one ? "private" : "public", id,
	        hex);
	return OK;
}

Err verb_key_new(Cli *cli)
{
	const char *path = cli->line.arguments[0], *known = public_path(cli, path), *passphrase;

	TRY(new_passphrase(cli, OPT_PASSPHRASE_FILE, &passphrase));
	Err e = signing_key_create(path, known, str(passphrase));
	if (passphrase)
		secret_forget(passphrase);
	TRY(e);
	return show(cli, known,
	        passphrase ? "a new key pair; keep the private half, hand out the public one"
	                   : "a new key pair, not encrypted; who can read the private half has it");
}

Err verb_key_show(Cli *cli)
{
	return show(cli, cli->line.arguments[0], NULL);
}

Err verb_key_passphrase(Cli *cli)
{
	CLEANUP(signing_key_freep) SigningKey *key = NULL;
	const char *path = cli->line.arguments[0], *passphrase;

	TRY(keyring_open(cli, path, &key));
	TRY(new_passphrase(cli, OPT_NEW_PASSPHRASE_FILE, &passphrase));
	Err e = signing_key_save(key, path, str(passphrase));
	if (passphrase)
		secret_forget(passphrase);
	TRY(e);
	printf("%s is %s now\n", path, passphrase ? "encrypted by the new passphrase" : "not encrypted");
	return OK;
}
