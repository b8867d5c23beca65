// Passwords and passphrases come from a terminal without echo or from a file, never from the command line,
// which everybody on the machine can read.
#pragma once
#include "cli.h"

// From --password-file, else from the terminal after `prompt`; `twice` asks again and compares. Errors:
// FIELD_INVALID, IO.
Err password_read(Cli *cli, const char *prompt, bool twice, const char **ret);
// The same of a key file's passphrase: from --passphrase-file, or from the file that another option names.
Err passphrase_read(Cli *cli, OptionId file, const char *prompt, bool twice, const char **ret);
// Overwrites a secret that is no longer needed.
void secret_forget(const char *secret);
