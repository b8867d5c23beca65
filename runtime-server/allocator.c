// What jemalloc is told. A snapshot's plan is made and the one before it given back at every swap; by default
// such pages stay for ten seconds, and how much memory a server has then hangs on how often it was deployed
// to of late (80 to 92 MiB in tests/swap). After a second they go back: 80 to 81, with calls no slower.
//
// gRPC core's memory for a call is 12 KiB, which by default is a run of pages by itself, made and given back
// with nearly every call (2,000 instructions). Sixteen share one: 192 KiB.
#include <jemalloc/jemalloc.h>

const char *malloc_conf = "dirty_decay_ms:1000,muzzy_decay_ms:0,slab_sizes:12288-12288:48";
