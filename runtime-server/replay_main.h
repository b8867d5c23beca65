// `parley-runtime replay`: `parley journal replay` calls it.
#pragma once

// The words behind "replay". Returns the exit code, which is one of the `parley` program's.
int replay_main(int argc, char **argv);
