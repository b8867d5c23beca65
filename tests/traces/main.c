// parley-collector ADDRESS: takes traces by OTLP until SIGTERM, and prints a line a span:
//
//   PROGRAM TRACE SPAN PARENT|- KIND BEGUN ENDED ok|error NAME [KEY=VALUE …]
//
// with tabs between them, times in nanoseconds since 1970, and as many attributes as there are.
#include "collector.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

enum { IDS_MAX = 16 };

static void print_hex(ProtobufCBinaryData bytes)
{
	char text[2 * IDS_MAX + 1];
	if (bytes.len == 0 || bytes.len > IDS_MAX) {
		fputs("-\t", stdout);
		return;
	}
	hex_encode(bytes.data, bytes.len, text);
	printf("%.*s\t", (int)(2 * bytes.len), text);
}

static void print_attribute(const OtlpAttribute *attribute)
{
	if (attribute->value->value_case == OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_STRING_VALUE)
		printf("\t%s=%s", attribute->key, attribute->value->string_value);
	else
		printf("\t%s=%" PRId64, attribute->key, attribute->value->int_value);
}

static void print_span(void *context, const OtlpResource *resource, const OtlpSpan *span)
{
	(void)context;
	printf("%s\t", collector_program(resource));
	print_hex(span->trace_id);
	print_hex(span->span_id);
	print_hex(span->parent_span_id);
	printf("%d\t%" PRIu64 "\t%" PRIu64 "\t%s\t%s", (int)span->kind, span->start_time_unix_nano,
	        span->end_time_unix_nano, span->status != NULL ? "error" : "ok", span->name);
	for (size_t i = 0; i < span->n_attributes; i++)
		print_attribute(span->attributes[i]);
	putchar('\n');
	fflush(stdout);
}

int main(int argc, char **argv)
{
	Collector collector = {.each = print_span};
	sigset_t signals;
	int caught;
	if (argc != 2) {
		fputs("usage: parley-collector HOST:PORT\n", stderr);
		return 2;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	rpc_init();
	Err e = collector_start(&collector, argv[1]);
	if (e == OK)
		sigwait(&signals, &caught);
	else
		fprintf(stderr, "parley-collector: %s\n", err_detail()->message);
	collector_stop(&collector);
	rpc_shutdown();
	return e == OK ? 0 : 1;
}
