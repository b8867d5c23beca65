// Files with something that holders of root keys sign: roots and floors. Such a file is an envelope from its
// first signature on; others add theirs.
#pragma once
#include "cli.h"
#include "snapshot/trust.h"
#include "snapshot/types.h"

typedef struct RootFile {
	const char *path;
	Str bytes;
	const Envelope *envelope;
	Str type, payload;
	const Root *root;   // one of these two
	const Floor *floor; // is NULL
} RootFile;

// Nothing of it is believed: no signature is verified. Errors: IO, ENVELOPE_*, ROOT_INVALID, FLOOR_INVALID.
Err root_file_read(Cli *cli, const char *path, RootFile *ret);
// Of a root only. Error also: ROOT_INVALID.
Err root_file_read_root(Cli *cli, const char *path, RootFile *ret);
// A new file, signed by all keys that --key names; refuses to overwrite. `roots` are those whose root keys
// may sign; NULL ends them early.
Err root_file_create(Cli *cli, const char *path, Str type, Str payload, const Root *const roots[2]);
// Adds signatures by all keys that --key names to those that are there.
Err root_file_sign(Cli *cli, const RootFile *file, const Root *const roots[2]);

// Rows for people: who signed, and whether the signature is good. `before` may be NULL.
json_t *root_file_signatures(Cli *cli, const RootFile *file, const Root *before);
// How many distinct root keys of `root` have signed well.
size_t root_file_signed(Cli *cli, const RootFile *file, const Root *root);
