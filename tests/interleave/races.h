// What ThreadSanitizer found in this process so far.
#pragma once
#include <stddef.h>

size_t races_count(void);
// "0 data races", or that nobody looked: this build has another sanitizer.
const char *races_text(void);
