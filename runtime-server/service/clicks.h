// The HTTP side of links: GET /c/TOKEN and /s/CODE lead on to the offer's destination, and a click is counted
// once. README.md says what is answered when.
#pragma once
#include "http/http.h"
#include "service/service.h"
#include "trace/trace.h"

typedef struct Clicks Clicks;

// What became of clicks in this life.
typedef struct ClicksFigures {
	uint64_t counted;  // on disk
	uint64_t repeated; // the same link again
	uint64_t looks;    // HEAD and prefetches: led on, not counted
	uint64_t late;     // led on before the disk said that it has the click
	uint64_t lost;     // led on, although the journal refused the click
	uint64_t gone;     // answered 410
	uint64_t unknown;  // answered 404
} ClicksFigures;

// `tracer`: NULL: clicks are not traced. Error: NO_MEMORY.
Err clicks_new(Service *service, Tracer *tracer, Clicks **ret);
// After the HTTP side has stopped; waits for the disk. NULL is fine.
void clicks_free(Clicks *clicks);
// To be called about every second: leads those on who have waited for the disk long enough.
void clicks_sweep(Clicks *clicks);
void clicks_figures(Clicks *clicks, ClicksFigures *ret);

// Handlers of GET, answered later; their context is a Clicks.
void clicks_link(void *clicks, HttpRequest *request);   // /c/
void clicks_source(void *clicks, HttpRequest *request); // /s/
