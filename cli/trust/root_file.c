#include "trust/root_file.h"

#include "base/file.h"
#include "trust/keyring.h"

#include <unistd.h>

enum { PUBLIC_MODE = 0644 };

static const RootKey *root_key(const Root *root, const char *keyid)
{
	for (size_t i = 0; root && i < root->root->n_keys; i++) {
		char id[65];
		public_key_id(root->root->keys[i]->public_.data, id);
		if (strcmp(id, keyid) == 0)
			return root->root->keys[i];
	}
	return NULL;
}

Err root_file_read(Cli *cli, const char *path, RootFile *ret)
{
	Envelope *envelope;
	Root *root = NULL;
	Floor *place_floor = NULL;

	*ret = (RootFile){.path = path};
	TRY(file_read(path, ENVELOPE_MAX, cli->arena, &ret->bytes));
	Err e = envelope_open(ret->bytes, cli->arena, &envelope);
	if (e)
		return err_context(e, "%s", path);
	ret->envelope = envelope;
	ret->type = str(envelope->payload_type);
	ret->payload = str_n((const char *)envelope->payload.data, envelope->payload.len);
	if (str_eq(ret->type, STR(ROOT_PAYLOAD_TYPE)))
		e = root_parse(ret->payload, cli->arena, &root);
	else if (str_eq(ret->type, STR(FLOOR_PAYLOAD_TYPE)))
		e = floor_parse(ret->payload, cli->arena, &place_floor);
	else
		e = err(ERR_ENVELOPE_TYPE, "it is no root and no floor but '%.80s'", envelope->payload_type);
	ret->root = root;
	ret->floor = place_floor;
	return e ? err_context(e, "%s", path) : OK;
}

Err root_file_read_root(Cli *cli, const char *path, RootFile *ret)
{
	TRY(root_file_read(cli, path, ret));
	return ret->root ? OK : err(ERR_ROOT_INVALID, "%s is a floor, not a root", path);
}

static Err check_may_sign(const Signature *signature, const Root *const roots[2])
{
	if (!roots[0] || root_key(roots[0], signature->keyid) ||
	        (roots[1] && root_key(roots[1], signature->keyid)))
		return OK;
	return err(ERR_KEY_ROLE,
	        "key %.16s… is no root key here: its signature would not count, and servers would refuse the "
	        "whole file; if only the root before lists it, name that one with --after",
	        signature->keyid);
}

static Err add_signatures(Cli *cli, Str type, Str payload, const Root *const roots[2],
        Signature *list[ROOT_SIGNATURES_MAX], size_t *count)
{
	size_t before = *count, added = 0;

	TRY(keyring_sign(cli, type, payload, ROOT_SIGNATURES_MAX - before, list + before, &added));
	for (size_t i = before; i < before + added; i++) {
		TRY(check_may_sign(list[i], roots));
		for (size_t j = 0; j < i; j++) {
			if (strcmp(list[i]->keyid, list[j]->keyid) == 0)
				return err(ERR_SIGNATURE_INVALID,
				        "key %.16s… has signed already: each key counts once",
				        list[i]->keyid);
		}
	}
	*count += added;
	return OK;
}

Err root_file_create(Cli *cli, const char *path, Str type, Str payload, const Root *const roots[2])
{
	Signature *list[ROOT_SIGNATURES_MAX];
	size_t count = 0;
	Str bytes;

	if (access(path, F_OK) == 0)
		return cli_usage(cli, "%s is there already: take another name, or remove it first", path);
	TRY(add_signatures(cli, type, payload, roots, list, &count));
	TRY(envelope_pack(type, payload, list, count, cli->arena, &bytes));
	return file_write_durable(path, bytes, PUBLIC_MODE);
}

Err root_file_sign(Cli *cli, const RootFile *file, const Root *const roots[2])
{
	Signature *list[ROOT_SIGNATURES_MAX];
	size_t count = 0;
	Str bytes;

	for (; count < file->envelope->n_signatures && count < ROOT_SIGNATURES_MAX; count++)
		list[count] = file->envelope->signatures[count];
	TRY(add_signatures(cli, file->type, file->payload, roots, list, &count));
	TRY(envelope_pack(file->type, file->payload, list, count, cli->arena, &bytes));
	return file_write_durable(file->path, bytes, PUBLIC_MODE);
}

json_t *root_file_signatures(Cli *cli, const RootFile *file, const Root *before)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < file->envelope->n_signatures; i++) {
		const Signature *signature = file->envelope->signatures[i];
		const RootKey *key = root_key(file->root, signature->keyid),
		              *old = root_key(before, signature->keyid);
		const RootKey *any = key ? key : old;
		bool good = any && signature_fits(any->public_.data, file->type, file->payload, signature,
		                           cli->arena);
		json_array_append_new(
		        rows, json_pack("{s:s, s:s, s:s, s:s}", "holder", any ? any->holder : "", "keyid",
		                      signature->keyid, "listed",
		                      key && old ? "here and before"
		                      : key      ? "here"
		                      : old      ? "before"
		                                 : "",
		                      "signature",
		                      !any   ? "not verified: no root key here"
		                      : good ? "good"
		                             : "BAD"));
	}
	return rows;
}

size_t root_file_signed(Cli *cli, const RootFile *file, const Root *root)
{
	size_t count = 0;

	for (size_t i = 0; i < file->envelope->n_signatures; i++) {
		const Signature *signature = file->envelope->signatures[i];
		const RootKey *key = root_key(root, signature->keyid);
		bool again = false;
		for (size_t j = 0; j < i && !again; j++)
			again = strcmp(file->envelope->signatures[j]->keyid, signature->keyid) == 0;
		count += key && !again &&
		         signature_fits(key->public_.data, file->type, file->payload, signature, cli->arena);
	}
	return count;
}
