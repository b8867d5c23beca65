// The workbench: the folder where this person's event sets and plans are kept by name.
#pragma once
#include "cli.h"

// $PARLEY_WORKBENCH, else parley under $XDG_DATA_HOME or ~/.local/share. Error: CONFIG_INVALID.
Err workbench_folder(Cli *cli, const char **ret);
// The path of a thing of this kind ("sets", "plans") by its name; the folder above it is there afterwards.
// Errors: FIELD_INVALID (a name that is none), IO, as above.
Err workbench_path(Cli *cli, const char *kind, const char *name, const char **ret);
// The names of that kind, sorted: a new array of texts. Errors: IO, as above.
Err workbench_names(Cli *cli, const char *kind, json_t **ret);
// What is not whole stands beside the things of its kind as NAME and a suffix, as a file or as a folder of
// files. Tells on standard error which there are, how large they are, and that `remove` ("parley plan
// remove") takes one away. Errors: IO, as above.
Err workbench_tell_parts(Cli *cli, const char *kind, const char *suffix, const char *remove);
// Removes that of a thing whose path is `path`; false if there was none, or it could not be removed (errno).
bool workbench_remove_part(Cli *cli, const char *path, const char *suffix);
// Puts into an object how many bytes the file has. Error: IO.
Err workbench_size(const char *path, json_t *ret);
