// `parley-runtime profiles`: `parley plan run --database` runs it.
#pragma once

// The words behind "profiles". Returns the exit code, which is one of the `parley` program's.
int profiles_main(int argc, char **argv);
