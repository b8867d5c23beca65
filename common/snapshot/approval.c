// An approval is a signature like any other, by a person's own key over a manifest's fixed bytes. The design
// server checks it when it arrives, by the rules that the runtimes will check it by.
#include "snapshot/internal.h"

Err approval_check(
        const TrustRoot *root, Str type, Str payload, Str author, const Signature *signature, Str *ret_holder)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(MANIFEST_MAX, 0);
	Str signed_bytes;
	KeyRole role = KEY_ROLES;
	TRY(root_present(root));
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory to check an approval");
	const RootKey *key = root_key_by_id(root->message, signature->keyid, &role);
	if (!key)
		return err(ERR_SIGNATURE_INVALID,
		        "root %llu of " STR_FMT
		        " does not list the key %.80s: ask those who hold the root keys to add it "
		        "(parley root change)",
		        (unsigned long long)root->version, STR_ARG(root->environment), signature->keyid);
	if (role != KEY_APPROVER)
		return err(ERR_KEY_ROLE, "%s's key is a %s key, it approves nothing: use an approver's key",
		        key->holder, key_role_name(role));
	TRY(signed_bytes_of(type, payload, arena, &signed_bytes));
	if (!signature_verifies(key->public_.data, signature, signed_bytes))
		return err(ERR_SIGNATURE_INVALID,
		        "%s's signature does not fit what is to be approved: fetch it anew and approve it "
		        "again",
		        key->holder);
	if (str_eq(str(key->holder), author))
		return err(ERR_APPROVER_IS_AUTHOR, "this is %s's own: somebody else must approve it",
		        key->holder);
	*ret_holder = str(key->holder);
	return OK;
}
