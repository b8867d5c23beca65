// Passwords come from a terminal without echo or from a file, never from the command line, which everybody on
// the machine can read.
#pragma once
#include "cli.h"

// From --password-file, else from the terminal after `prompt`; `twice` asks again and compares. Errors:
// FIELD_INVALID, IO.
Err password_read(Cli *cli, const char *prompt, bool twice, const char **ret);
