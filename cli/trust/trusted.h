// Whom a person trusts. The newest root of an environment that somebody believed is kept beside the contexts,
// one for each context and environment; what a design server hands out later has to follow it.
#pragma once
#include "cli.h"
#include "snapshot/trust.h"

typedef struct Trusted {
	TrustRoot root;   // the newest that is believed
	const char *path; // of the file that is to keep it
	bool is_kept;     // and does already
	bool is_first;    // nothing vouches for it but the design server
} Trusted;

// Begins with what --root names, else with what is kept, else, the first time, with the newest root that the
// design server hands out; goes on by those that it hands out. Says on standard error what is new. Errors:
// ROOT_UNTRUSTED (what is handed out does not follow, or is older), ROOT_EXPIRED, of root_open and of the
// call.
Err trusted_root(Cli *cli, const char *environment, Trusted *ret);
// What is kept, as an envelope; empty if nothing is. Errors: FIELD_INVALID (the name), IO.
Err trusted_kept(Cli *cli, const char *environment, Str *ret_envelope, const char **ret_path);
// From now on roots have to follow this one. Error: IO.
Err trusted_keep(Cli *cli, const Trusted *trusted);
