// Signatures under a root. Every one of them has to be good and by a key that may sign this, so that no byte
// of a stored envelope can change unnoticed; a threshold counts keys of the root, and for approvers persons,
// so neither a repeated signature nor a second key of one person adds to it.
#include "snapshot/internal.h"

const char *key_role_name(KeyRole role)
{
	static const char *const names[] = {
	        [KEY_ROOT] = "root",
	        [KEY_BUILDER] = "builder",
	        [KEY_APPROVER] = "approver",
	        [KEY_TIMESTAMP] = "timestamp",
	};
	return (size_t)role < ARRAY_COUNT(names) ? names[role] : "";
}

const RootRole *root_role(const Root *root, KeyRole role)
{
	const RootRole *const roles[] = {
	        [KEY_ROOT] = root->root,
	        [KEY_BUILDER] = root->builder,
	        [KEY_APPROVER] = root->approver,
	        [KEY_TIMESTAMP] = root->timestamp,
	};
	return roles[role];
}

Err root_present(const TrustRoot *root)
{
	return root && root->message
	               ? OK
	               : err(ERR_TRUST_EMPTY,
	                         "no trusted root is configured: nothing can be accepted until there is one");
}

size_t root_threshold(const TrustRoot *root, KeyRole role)
{
	return root_role(root->message, role)->threshold;
}

bool root_find_key(const TrustRoot *root, const uint8_t public_key[32], KeyRole *ret_role, Str *ret_holder)
{
	for (KeyRole role = 0; role < KEY_ROLES; role++) {
		const RootRole *list = root_role(root->message, role);
		for (size_t i = 0; i < list->n_keys; i++) {
			if (memcmp(list->keys[i]->public_.data, public_key, 32) != 0)
				continue;
			*ret_role = role;
			*ret_holder = str(list->keys[i]->holder);
			return true;
		}
	}
	return false;
}

const RootKey *root_key_by_id(const Root *root, const char *keyid, KeyRole *ret_role)
{
	for (KeyRole role = 0; role < KEY_ROLES; role++) {
		const RootRole *list = root_role(root, role);
		for (size_t i = 0; i < list->n_keys; i++) {
			char id[65];
			public_key_id(list->keys[i]->public_.data, id);
			if (strcmp(id, keyid) != 0)
				continue;
			*ret_role = role;
			return list->keys[i];
		}
	}
	return NULL;
}

static Err check_one(const Root *root, const Opened *opened, size_t index, unsigned roles, Signers *signers)
{
	const Signature *signature = opened->envelope->signatures[index];
	KeyRole role = KEY_ROLES;
	const RootKey *key = root_key_by_id(root, signature->keyid, &role);
	if (!key)
		return err(ERR_SIGNATURE_INVALID,
		        "signature %zu is by a key that root %llu of %s does not list (%.80s): sign with one "
		        "that it lists, or publish a root that lists this one",
		        index, (unsigned long long)root->version, root->environment, signature->keyid);
	if (!(roles & ROLE_BIT(role)))
		return err(ERR_KEY_ROLE,
		        "signature %zu is by %s's %s key, which may not sign this: use a key of the right "
		        "role",
		        index, key->holder, key_role_name(role));
	for (size_t i = 0; i < signers->count; i++) {
		if (signers->list[i].key == key)
			return err(ERR_SIGNATURE_INVALID,
			        "%s's key %s has signed twice: each key counts once", key->holder,
			        signature->keyid);
	}
	if (!signature_verifies(key->public_.data, signature, opened->signed_bytes))
		return err(ERR_SIGNATURE_INVALID,
		        "the signature by %s's key %s does not fit the bytes: they were changed", key->holder,
		        signature->keyid);
	signers->list[signers->count].role = role;
	signers->list[signers->count++].key = key;
	return OK;
}

Err signers_check(const Root *root, const Opened *opened, unsigned roles, Signers *ret)
{
	*ret = (Signers){0};
	for (size_t i = 0; i < opened->envelope->n_signatures; i++)
		TRY(check_one(root, opened, i, roles, ret));
	return OK;
}

size_t signers_of(const Signers *signers, KeyRole role)
{
	size_t count = 0;
	for (size_t i = 0; i < signers->count; i++)
		count += signers->list[i].role == role;
	return count;
}

static bool is_counted(const Signers *signers, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (signers->list[i].role == signers->list[index].role &&
		        strcmp(signers->list[i].key->holder, signers->list[index].key->holder) == 0)
			return true;
	}
	return false;
}

size_t signers_holders(const Signers *signers, KeyRole role)
{
	size_t count = 0;
	for (size_t i = 0; i < signers->count; i++)
		count += signers->list[i].role == role && !is_counted(signers, i);
	return count;
}

bool signers_include(const Signers *signers, KeyRole role, Str holder)
{
	for (size_t i = 0; i < signers->count; i++) {
		if (signers->list[i].role == role && str_eq(str(signers->list[i].key->holder), holder))
			return true;
	}
	return false;
}
