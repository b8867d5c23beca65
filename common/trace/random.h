// Random numbers for IDs and samples, each thread's own: no lock, and the kernel is asked once a thread.
#pragma once
#include <stdint.h>

uint64_t trace_random(void);
