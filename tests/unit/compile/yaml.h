// A configuration from the YAML that people write, as `parley apply -f` takes it.
#pragma once
#include "compile/compile.h"

// Whatever does not read fails the test with its line.
Configuration *configuration_from_yaml(Arena *arena, Str text);
