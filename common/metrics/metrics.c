#include "metrics/metrics.h"

#include <math.h>
#include <stdio.h>

enum { FIRST_SIZE = 16 * 1024, NUMBER_SIZE = 40 };

struct Metrics {
	Arena *arena;
	char *text;
	size_t len, size;
	bool failed;
	const char *name; // of the family
};

Metrics *metrics_new(Arena *arena)
{
	Metrics *metrics = ARENA_NEW(arena, Metrics);
	if (metrics)
		*metrics = (Metrics){.arena = arena};
	return metrics;
}

// --- text ---

static bool make_room(Metrics *metrics, size_t len)
{
	size_t size = metrics->size ? metrics->size : FIRST_SIZE;
	if (metrics->failed || metrics->size - metrics->len >= len)
		return !metrics->failed;
	while (size - metrics->len < len)
		size *= 2;
	char *text = arena_alloc(metrics->arena, size);
	metrics->failed = !text;
	if (!text)
		return false;
	if (metrics->len)
		memcpy(text, metrics->text, metrics->len);
	metrics->text = text;
	metrics->size = size;
	return true;
}

static void put(Metrics *metrics, Str text)
{
	if (!text.len || !make_room(metrics, text.len))
		return;
	memcpy(metrics->text + metrics->len, text.ptr, text.len);
	metrics->len += text.len;
}

static void put_text(Metrics *metrics, const char *text)
{
	put(metrics, str(text));
}

// Backslash and line feed, and within quotes the quote: nothing else is special.
static void put_escaped(Metrics *metrics, Str text, bool quoted)
{
	bool fine = str_is_utf8(text);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '\\')
			put(metrics, STR("\\\\"));
		else if (c == '\n')
			put(metrics, STR("\\n"));
		else if (c == '"' && quoted)
			put(metrics, STR("\\\""));
		else if (!fine && (c & 0x80 || c == 0))
			put(metrics, STR("?"));
		else
			put(metrics, str_n(&c, 1));
	}
}

static void put_number(Metrics *metrics, double value)
{
	const double exact = 9007199254740992.0; // 2^53: whole numbers up to here are what they say
	char text[NUMBER_SIZE];
	if (isnan(value))
		snprintf(text, sizeof(text), "NaN");
	else if (isinf(value))
		snprintf(text, sizeof(text), value > 0 ? "+Inf" : "-Inf");
	else if (value == floor(value) && fabs(value) <= exact)
		snprintf(text, sizeof(text), "%.0f", value);
	else
		snprintf(text, sizeof(text), "%.15g", value);
	put_text(metrics, text);
}

static void put_labels(Metrics *metrics, const MetricLabel *labels, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		put_text(metrics, i ? "," : "{");
		put_text(metrics, labels[i].name);
		put_text(metrics, "=\"");
		put_escaped(metrics, labels[i].value, true);
		put_text(metrics, "\"");
	}
	if (count)
		put_text(metrics, "}");
}

static void put_sample(
        Metrics *metrics, const char *suffix, double value, const MetricLabel *labels, size_t count)
{
	put_text(metrics, metrics->name);
	put_text(metrics, suffix);
	put_labels(metrics, labels, count);
	put_text(metrics, " ");
	put_number(metrics, value);
	put_text(metrics, "\n");
}

// --- families ---

void metrics_family(Metrics *metrics, MetricKind kind, const char *name, const char *help)
{
	static const char *const kinds[] = {"counter", "gauge", "histogram"};
	metrics->name = name;
	put_text(metrics, "# HELP ");
	put_text(metrics, name);
	put_text(metrics, " ");
	put_escaped(metrics, str(help), false);
	put_text(metrics, "\n# TYPE ");
	put_text(metrics, name);
	put_text(metrics, " ");
	put_text(metrics, kinds[kind]);
	put_text(metrics, "\n");
}

void metrics_sample(Metrics *metrics, double value, const MetricLabel *labels, size_t count)
{
	put_sample(metrics, "", value, labels, count);
}

void metrics_latency(Metrics *metrics, const LatencySums *sums, const MetricLabel *labels, size_t count)
{
	MetricLabel with_bound[METRIC_LABELS_MAX + 1];
	uint64_t below = 0;
	char bound[NUMBER_SIZE];
	if (count > METRIC_LABELS_MAX)
		count = METRIC_LABELS_MAX;
	if (count)
		memcpy(with_bound, labels, count * sizeof(*labels));
	for (size_t i = 0; i <= LATENCY_BOUNDS; i++) {
		below += sums->counts[i];
		if (i < LATENCY_BOUNDS)
			snprintf(bound, sizeof(bound), "%g", (double)latency_bounds_us[i] / 1e6);
		with_bound[count] = (MetricLabel){"le", i < LATENCY_BOUNDS ? str(bound) : STR("+Inf")};
		put_sample(metrics, "_bucket", (double)below, with_bound, count + 1);
	}
	put_sample(metrics, "_sum", (double)sums->sum_us / 1e6, labels, count);
	put_sample(metrics, "_count", (double)below, labels, count);
}

void metrics_gauge(Metrics *metrics, const char *name, const char *help, double value)
{
	metrics_family(metrics, METRIC_GAUGE, name, help);
	metrics_sample(metrics, value, METRIC_NO_LABELS);
}

void metrics_counter(Metrics *metrics, const char *name, const char *help, uint64_t value)
{
	metrics_family(metrics, METRIC_COUNTER, name, help);
	metrics_sample(metrics, (double)value, METRIC_NO_LABELS);
}

Err metrics_text(const Metrics *metrics, Str *ret)
{
	*ret = str_n(metrics->text, metrics->len);
	return metrics->failed ? err(ERR_NO_MEMORY, "no memory for the metrics: ask again") : OK;
}
