// What one thread leaves in the hands of a library and another gets from it. ThreadSanitizer sees no
// synchronisation within libraries that were built without it, so it must be told where memory of ours goes
// in and comes out; every other build makes nothing of this. It is no synchronisation by itself.
#pragma once

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HANDOVER_TOLD 1
#endif
#endif

#ifdef HANDOVER_TOLD

void __tsan_acquire(void *place);
void __tsan_release(void *place);

static inline void hand_over(void *place)
{
	__tsan_release(place);
}

static inline void take_over(void *place)
{
	__tsan_acquire(place);
}

#else

static inline void hand_over(void *place)
{
	(void)place;
}

static inline void take_over(void *place)
{
	(void)place;
}

#endif
