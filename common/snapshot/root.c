// The chain of roots. A root is believed because it was configured, or because the one before it and itself
// both say so. Its bytes are parsed before its own signatures are verified, for the keys are in them: the
// strict parse and root_form come first, and nothing else is done with a root that nobody signed.
#include "snapshot/internal.h"

#include "base/clock.h"

// How many signatures are by root keys of `root`; these are verified, and none may come twice. Of the others
// `ret_others` tells whether there are any.
static Err count_signatures(const Root *root, const Opened *opened, size_t *ret, bool *ret_others)
{
	const RootKey *seen[ROOT_SIGNATURES_MAX];
	size_t count = 0;
	*ret_others = false;
	for (size_t i = 0; i < opened->envelope->n_signatures; i++) {
		const Signature *signature = opened->envelope->signatures[i];
		KeyRole role = KEY_ROLES;
		const RootKey *key = root_key_by_id(root, signature->keyid, &role);
		if (!key || role != KEY_ROOT) {
			*ret_others = true;
			continue;
		}
		for (size_t j = 0; j < count; j++) {
			if (seen[j] == key)
				return err(ERR_SIGNATURE_INVALID,
				        "%s's key %s has signed twice: each key counts once", key->holder,
				        signature->keyid);
		}
		if (!signature_verifies(key->public_.data, signature, opened->signed_bytes))
			return err(ERR_SIGNATURE_INVALID,
			        "the signature by %s's key %s does not fit the bytes: they were changed",
			        key->holder, signature->keyid);
		seen[count++] = key;
	}
	*ret = count;
	return OK;
}

static Err check_threshold(const Root *root, const Opened *opened, bool *ret_others)
{
	size_t count = 0;
	TRY(count_signatures(root, opened, &count, ret_others));
	if (count < root->root->threshold)
		return err(ERR_SIGNATURE_INVALID,
		        "%zu root keys of root %llu of %s have signed, %u must: let more of its holders sign",
		        count, (unsigned long long)root->version, root->environment, root->root->threshold);
	return OK;
}

static bool is_root_key(const Root *root, const char *keyid, KeyRole *ret_role)
{
	return root_key_by_id(root, keyid, ret_role) && *ret_role == KEY_ROOT;
}

// Every signature counts on one side at least.
static Err check_no_others(const Root *before, const Root *root, const Opened *opened)
{
	for (size_t i = 0; i < opened->envelope->n_signatures; i++) {
		const char *keyid = opened->envelope->signatures[i]->keyid;
		KeyRole role = KEY_ROLES;
		if (is_root_key(root, keyid, &role) || (before && is_root_key(before, keyid, &role)))
			continue;
		return role == KEY_ROLES
		               ? err(ERR_SIGNATURE_INVALID,
		                         "signature %zu is by a key that is no root key here (%.80s)", i,
		                         keyid)
		               : err(ERR_KEY_ROLE,
		                         "signature %zu is by a %s key, which may not sign roots: use a root "
		                         "key",
		                         i, key_role_name(role));
	}
	return OK;
}

static Err finish(Str envelope, const Opened *opened, const Root *root, Arena *arena, TrustRoot *ret)
{
	*ret = (TrustRoot){
	        .message = root,
	        .digest = digest_of(opened->payload),
	        .envelope = arena_str(arena, envelope),
	        .version = root->version,
	        .environment = str(root->environment),
	};
	return ret->envelope.ptr ? OK : err(ERR_NO_MEMORY, "no memory for a root");
}

static Err check_environment(const Root *root, Str environment)
{
	if (str_eq(environment, str(root->environment)))
		return OK;
	return err(ERR_MANIFEST_PLACE, "the root is for environment '%s', this is '" STR_FMT "'",
	        root->environment, STR_ARG(environment));
}

Err root_open(Str envelope, Str environment, Arena *arena, TrustRoot *ret)
{
	Opened opened;
	Root *root;
	bool others;
	TRY(envelope_take(envelope, STR(ROOT_PAYLOAD_TYPE), arena, &opened));
	TRY(root_parse(opened.payload, arena, &root));
	TRY(check_threshold(root, &opened, &others));
	// A later root may bear signatures of keys that only the one before it lists. They cannot be verified
	// without it, and nothing rests on them here.
	if (others && root->version == 1)
		TRY(check_no_others(NULL, root, &opened));
	if (environment.len)
		TRY(check_environment(root, environment));
	return finish(envelope, &opened, root, arena, ret);
}

Err root_follow(const TrustRoot *current, Str envelope, Arena *arena, TrustRoot *ret)
{
	Opened opened;
	Root *root;
	bool others;
	TRY(root_present(current));
	TRY(envelope_take(envelope, STR(ROOT_PAYLOAD_TYPE), arena, &opened));
	Digest digest = digest_of(opened.payload);
	if (digest_eq(&digest, &current->digest))
		return root_open(envelope, current->environment, arena, ret);
	TRY(check_threshold(current->message, &opened, &others));
	TRY(root_parse(opened.payload, arena, &root));
	TRY(check_environment(root, current->environment));
	if (root->version != current->version + 1)
		return err(ERR_ROOT_VERSION, "root %llu does not follow root %llu: %llu must come next",
		        (unsigned long long)root->version, (unsigned long long)current->version,
		        (unsigned long long)current->version + 1);
	TRY(check_threshold(root, &opened, &others));
	TRY(check_no_others(current->message, root, &opened));
	return finish(envelope, &opened, root, arena, ret);
}

Err root_check_time(const TrustRoot *root, int64_t now_us)
{
	if (now_us < root->message->expires_us)
		return OK;
	char text[TIME_TEXT_SIZE];
	time_format(root->message->expires_us, text);
	return err(ERR_ROOT_EXPIRED,
	        "root %llu of " STR_FMT
	        " expired at %s: let its holders sign and publish the next one (parley root change)",
	        (unsigned long long)root->version, STR_ARG(root->environment), text);
}
