// What a root says of itself. It names everything that is believed later on, so it is narrow: a key has one
// role, every threshold can be reached, and a manifest or root that reaches its thresholds fits an envelope.
#include "snapshot/internal.h"

enum { KEY_SIZE = 32 };

static size_t holders_of(const RootRole *role)
{
	size_t count = 0;
	for (size_t i = 0; i < role->n_keys; i++) {
		bool seen = false;
		for (size_t j = 0; j < i && !seen; j++)
			seen = strcmp(role->keys[i]->holder, role->keys[j]->holder) == 0;
		count += !seen;
	}
	return count;
}

static Err check_key(const RootRole *role, size_t index, const char *name)
{
	const RootKey *key = role->keys[index];
	if (key->public_.len != KEY_SIZE)
		return err(ERR_ROOT_INVALID, "%s key %zu has %zu bytes, Ed25519 has %d", name, index,
		        key->public_.len, KEY_SIZE);
	if (!name_is_login(str(key->holder)))
		return err(ERR_ROOT_INVALID, "the holder '%.80s' of %s key %zu is not a login name",
		        key->holder, name, index);
	if (index > 0 && memcmp(role->keys[index - 1]->public_.data, key->public_.data, KEY_SIZE) >= 0)
		return err(ERR_ROOT_INVALID, "the %s keys are not ascending, or one is there twice", name);
	return OK;
}

static Err check_role(const Root *root, KeyRole which)
{
	const RootRole *role = root_role(root, which);
	const char *name = key_role_name(which);
	if (!role)
		return err(ERR_ROOT_INVALID, "the root has no role %s", name);
	if (role->n_keys > ROLE_KEYS_MAX)
		return err(ERR_ROOT_INVALID, "%zu %s keys, at most %d are allowed", role->n_keys, name,
		        ROLE_KEYS_MAX);
	for (size_t i = 0; i < role->n_keys; i++)
		TRY(check_key(role, i, name));
	size_t most = which == KEY_APPROVER ? holders_of(role) : role->n_keys;
	if (role->threshold > most)
		return err(ERR_ROOT_INVALID, "%u %ss must sign, but there are only %zu", role->threshold,
		        name, most);
	if (role->threshold > SIGNATURES_MAX)
		return err(ERR_ROOT_INVALID, "%u %ss must sign, at most %d can", role->threshold, name,
		        SIGNATURES_MAX);
	if (role->threshold == 0 && which != KEY_APPROVER)
		return err(ERR_ROOT_INVALID, "no %s must sign: at least one has to", name);
	return OK;
}

// Keys ascend in each role, so a key that is there twice is in two roles.
static Err check_one_role_each(const Root *root)
{
	for (KeyRole a = 0; a < KEY_ROLES; a++) {
		for (KeyRole b = a + 1; b < KEY_ROLES; b++) {
			const RootRole *first = root_role(root, a), *second = root_role(root, b);
			for (size_t i = 0, j = 0; i < first->n_keys && j < second->n_keys;) {
				int order = memcmp(first->keys[i]->public_.data,
				        second->keys[j]->public_.data, KEY_SIZE);
				if (order == 0)
					return err(ERR_ROOT_INVALID,
					        "%s's %s key is a %s key too: a key has one role",
					        first->keys[i]->holder, key_role_name(a), key_role_name(b));
				i += order < 0;
				j += order > 0;
			}
		}
	}
	return OK;
}

Err root_form(const Root *root)
{
	if (root->format != ROOT_FORMAT)
		return err(ERR_ROOT_INVALID, "the root has format %u, this program knows %d", root->format,
		        ROOT_FORMAT);
	if (!name_is_plain(str(root->environment)))
		return err(
		        ERR_ROOT_INVALID, "the root's environment '%.80s' is not a name", root->environment);
	if (root->version == 0)
		return err(ERR_ROOT_INVALID, "versions of a root start at 1");
	if (root->created_us <= 0 || root->created_us >= root->expires_us)
		return err(ERR_ROOT_INVALID, "the root expires before it is made");
	for (KeyRole role = 0; role < KEY_ROLES; role++)
		TRY(check_role(root, role));
	if (root->builder->threshold + root->approver->threshold > SIGNATURES_MAX)
		return err(ERR_ROOT_INVALID,
		        "%u builders and %u approvers must sign, at most %d together can",
		        root->builder->threshold, root->approver->threshold, SIGNATURES_MAX);
	return check_one_role_each(root);
}

Err root_pack(const Root *root, Arena *arena, Str *ret)
{
	TRY(root_form(root));
	return payload_pack(&root->base, ERR_ROOT_INVALID, arena, ret);
}

Err root_parse(Str payload, Arena *arena, Root **ret)
{
	ProtobufCMessage *message = NULL;
	TRY(payload_parse(
	        &parley__snapshot__v1__root__descriptor, payload, ERR_ROOT_INVALID, arena, &message));
	TRY(root_form((const Root *)message));
	*ret = (Root *)message;
	return OK;
}
