// Scope-bound ownership: CLEANUP(fn) T x calls fn(&x) when x leaves its scope; STEAL(x) hands x on.
#pragma once

#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define STEAL(pointer)                                                                                       \
	({                                                                                                   \
		__typeof__(pointer) stolen_ = (pointer);                                                     \
		(pointer) = NULL;                                                                            \
		stolen_;                                                                                     \
	})
