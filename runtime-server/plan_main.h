// `parley-runtime plan`: `parley plan run` becomes it.
#pragma once

// The words behind "plan". Returns the exit code, which is one of the `parley` program's.
int plan_main(int argc, char **argv);
