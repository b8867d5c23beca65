// `parley-runtime rehearse`: `parley test` and others talk to it.
#pragma once

// The words behind "rehearse". Returns the exit code, which is one of the `parley` program's.
int rehearse_main(int argc, char **argv);
