// `parley-runtime assemble`: `parley plan state --from-history` runs it.
#pragma once

// The words behind "assemble". Returns the exit code, which is one of the `parley` program's.
int assemble_main(int argc, char **argv);
