// As with the keys of hosts: who never saw an environment has only the design server's word for its root, and
// is told so; from then on its word is not enough. What a root vouches for is the next one alone, so a design
// server that is somebody else's can neither put another root in its place nor take one back.
#include "trust/trusted.h"

#include "base/clock.h"
#include "base/file.h"
#include "output.h"
#include "release/snapshot_fetch.h"

#include <inttypes.h>

typedef struct Walk {
	Cli *cli;
	const char *environment;
	Trusted *to;
	Str kept;        // the envelope that is kept; empty: there is none
	TrustRoot known; // it, opened
	bool has_root;   // to->root is set
	bool met;        // what is kept is on the way
} Walk;

static const char *hex_of(Cli *cli, const Digest *digest)
{
	char *hex = arena_alloc(cli->arena, 65);

	digest_hex(digest, hex);
	return hex;
}

static void stand_on(Walk *w, const TrustRoot *root)
{
	w->to->root = *root;
	w->has_root = true;
	w->met |= w->kept.len && digest_eq(&root->digest, &w->known.digest);
}

// --- what is kept ---

Err trusted_kept(Cli *cli, const char *environment, Str *ret_envelope, const char **ret_path)
{
	TRY(context_root_path(&cli->contexts, cli->context, str(environment), cli->arena, ret_path));
	return context_root_load(*ret_path, ENVELOPE_MAX, cli->arena, ret_envelope);
}

static Err open_kept(Walk *w)
{
	TRY(trusted_kept(w->cli, w->environment, &w->kept, &w->to->path));
	if (!w->kept.len)
		return OK;
	Err e = root_open(w->kept, str(w->environment), w->cli->arena, &w->known);
	return e ? err_context(e,
	                   "%s, the root of %s that is trusted here; if the file is damaged, remove it",
	                   w->to->path, w->environment)
	         : OK;
}

Err trusted_keep(Cli *cli, const Trusted *trusted)
{
	if (trusted->is_kept)
		return OK;
	TRY(context_root_save(trusted->path, trusted->root.envelope, cli->arena));
	fprintf(stderr, "root %" PRIu64 " of " STR_FMT " is trusted here from now on (%s)\n",
	        trusted->root.version, STR_ARG(trusted->root.environment), trusted->path);
	return OK;
}

// --- where it begins ---

static Err take_named(Walk *w)
{
	Str bytes;

	for (const OptionValue *value = w->cli->line.options[OPT_ROOT]; value; value = value->next) {
		TrustRoot next;
		TRY(file_read(value->text, ENVELOPE_MAX, w->cli->arena, &bytes));
		Err e = w->has_root ? root_follow(&w->to->root, bytes, w->cli->arena, &next)
		                    : root_open(bytes, str(w->environment), w->cli->arena, &next);
		if (e)
			return err_context(e, "%s", value->text);
		stand_on(w, &next);
	}
	return OK;
}

static Err take_first(Walk *w, const Parley__Design__V1__GetTrustResponse *handed)
{
	TrustRoot root;

	if (!handed->n_roots)
		return err(ERR_RESOURCE_NOT_FOUND, "the design server has no root of %s", w->environment);
	ProtobufCBinaryData newest = handed->roots[handed->n_roots - 1];
	TRY(root_open(
	        str_n((const char *)newest.data, newest.len), str(w->environment), w->cli->arena, &root));
	stand_on(w, &root);
	w->to->is_first = true;
	return OK;
}

// --- what is handed out ---

static Err refuse_other(const Walk *w, uint64_t version, const char *why)
{
	return err(ERR_ROOT_UNTRUSTED,
	        "what the design server hands out as root %" PRIu64 " of %s does not follow root %" PRIu64
	        ", which is trusted here: %s",
	        version, w->environment, w->to->root.version, why);
}

static Err take_handed(Walk *w, ProtobufCBinaryData bytes, uint64_t *ret_version)
{
	Str text = str_n((const char *)bytes.data, bytes.len);
	Parley__Snapshot__V1__Envelope *envelope;
	Parley__Snapshot__V1__Root *root;
	TrustRoot next;

	TRY(envelope_open(text, w->cli->arena, &envelope));
	Str payload = str_n((const char *)envelope->payload.data, envelope->payload.len);
	TRY(root_parse(payload, w->cli->arena, &root));
	*ret_version = root->version;
	Digest digest = digest_of(payload);
	if (root->version == w->to->root.version && !digest_eq(&digest, &w->to->root.digest))
		return refuse_other(w, root->version, "it is another one");
	if (root->version <= w->to->root.version)
		return OK;
	if (root_follow(&w->to->root, text, w->cli->arena, &next))
		return refuse_other(
		        w, root->version, arena_printf(w->cli->arena, "%s", err_detail()->message));
	stand_on(w, &next);
	return OK;
}

static Err take_all_handed(Walk *w, const Parley__Design__V1__GetTrustResponse *handed)
{
	uint64_t version = 0;

	for (size_t i = 0; i < handed->n_roots; i++)
		TRY(take_handed(w, handed->roots[i], &version));
	if (version >= w->to->root.version)
		return OK;
	return err(ERR_ROOT_UNTRUSTED,
	        "the newest root of %s that the design server hands out is %" PRIu64 ", and root %" PRIu64
	        " is trusted here: it hides that keys were revoked, or was restored from an old backup; then "
	        "publish the roots that it lacks once more",
	        w->environment, version, w->to->root.version);
}

// --- the whole ---

// Whoever names a root may leave what was kept, but not for something older by a slip.
static Err check_kept(const Walk *w)
{
	if (!w->kept.len || w->met)
		return OK;
	if (w->known.version >= w->to->root.version)
		return err(ERR_ROOT_UNTRUSTED,
		        "root %" PRIu64
		        " of %s, SHA-256 %s, is trusted here, and --root leads to root %" PRIu64
		        " only: if those who hold the root keys began anew, remove %s first",
		        w->known.version, w->environment, hex_of(w->cli, &w->known.digest),
		        w->to->root.version, w->to->path);
	fprintf(stderr, "--root takes the place of root %" PRIu64 ", SHA-256 %s, which was trusted here\n",
	        w->known.version, hex_of(w->cli, &w->known.digest));
	return OK;
}

static void tell(const Walk *w)
{
	const Parley__Snapshot__V1__RootRole *holders = w->to->root.message->root;

	fprintf(stderr, "%-12s %" PRIu64 " of %s, SHA-256 %s\n", "root", w->to->root.version, w->environment,
	        hex_of(w->cli, &w->to->root.digest));
	if (w->met && !w->to->is_kept)
		fprintf(stderr, "             it follows root %" PRIu64 ", which was trusted here\n",
		        w->known.version);
	if (!w->to->is_first)
		return;
	fputs("             Nothing but the design server's word says that this is the right one: no root "
	      "of\n"
	      "             the environment was trusted here before. Compare the SHA-256 with what its "
	      "holders\n"
	      "             tell you (",
	        stderr);
	for (size_t i = 0; i < holders->n_keys; i++)
		fprintf(stderr, "%s" STR_FMT, i ? ", " : "",
		        STR_ARG(text_printable(w->cli->arena, str(holders->keys[i]->holder))));
	fputs("), or say --root with the file that you have from them.\n", stderr);
}

Err trusted_root(Cli *cli, const char *environment, Trusted *ret)
{
	Walk w = {.cli = cli, .environment = environment, .to = ret};
	Parley__Design__V1__GetTrustResponse *handed;

	*ret = (Trusted){0};
	TRY(open_kept(&w));
	TRY(fetch_trust(cli, environment, &handed));
	if (cli_given(cli, OPT_ROOT))
		TRY(take_named(&w));
	else if (w.kept.len)
		stand_on(&w, &w.known);
	else
		TRY(take_first(&w, handed));
	TRY(take_all_handed(&w, handed));
	TRY(check_kept(&w));
	ret->is_kept = w.kept.len && digest_eq(&w.known.digest, &ret->root.digest);
	tell(&w);
	return root_check_time(&ret->root, clock_now_us(clock_system()));
}
