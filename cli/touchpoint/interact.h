// What the verbs that play a touchpoint share: parts of requests, and the notes in answers.
#pragma once
#include "cli.h"

// A fresh ID that nobody else has: 16 random bytes. Error: INTERNAL.
Err interact_id(Cli *cli, const char **ret);
// A request about the session that is the verb's first argument, numbered if a number is given.
Err interact_request(Cli *cli, json_t **ret);
// The call's number, if one is given.
Err interact_number(Cli *cli, json_t *request);
// The values that an option was given, as a list of NamedValue in the field. A value that does not read is
// the command line's fault.
Err interact_values(Cli *cli, OptionId id, const char *field, json_t *request);
// The advisories of an answer or a part of it, on standard error.
void interact_notes(const json_t *holder, const char *about);
