// Which of a counter's stripes a thread writes to, so that threads that count the same thing do not fight
// over one cache line. Who reads adds the stripes up.
#pragma once

enum { STRIPES = 8, STRIPE_LINE = 64 };

// 0 to STRIPES - 1, always the same for a thread.
unsigned stripe_of_thread(void);
