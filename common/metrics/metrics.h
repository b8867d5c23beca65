// Figures as Prometheus reads them (text format 0.0.4). Who exports writes families one after the other:
// name, kind and help once, then a sample for each set of labels. Labels take values of small sets only
// (methods, codes, channels), never of visitors, sessions or events: each value is a series that is kept for
// months.
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "metrics/latency.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

typedef struct Metrics Metrics;

typedef enum MetricKind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM } MetricKind;

typedef struct MetricLabel {
	const char *name;
	Str value; // any bytes; what is not UTF-8 is told by question marks
} MetricLabel;

enum { METRIC_LABELS_MAX = 6 };

// Labels of a sample: METRIC_LABELS({"channel", name}, …).
#define METRIC_LABELS(...)                                                                                   \
	(const MetricLabel[]){__VA_ARGS__}, sizeof((const MetricLabel[]){__VA_ARGS__}) / sizeof(MetricLabel)
#define METRIC_NO_LABELS NULL, 0

// In `arena`, as all that is written. NULL if memory is out.
Metrics *metrics_new(Arena *arena);

// Begins a family. `name` has its unit (seconds, bytes) and, of a counter, ends in _total.
void metrics_family(Metrics *metrics, MetricKind kind, const char *name, const char *help);
// A sample of the family that was begun last.
void metrics_sample(Metrics *metrics, double value, const MetricLabel *labels, size_t count);
void metrics_latency(Metrics *metrics, const LatencySums *sums, const MetricLabel *labels, size_t count);

// A family of one sample without labels.
void metrics_gauge(Metrics *metrics, const char *name, const char *help, double value);
void metrics_counter(Metrics *metrics, const char *name, const char *help, uint64_t value);

// What every process tells of itself: memory, descriptors, processor time, start; and which build it is.
void metrics_process(Metrics *metrics, const char *program);

// The whole text. Error: NO_MEMORY, if some did not fit.
Err metrics_text(const Metrics *metrics, Str *ret);
