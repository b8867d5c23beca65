// The table of configuration keys.
#include "config.h"

#include "base/clock.h"
#include "design.h"

#define SECTION(member, inner_fields, text)                                                                  \
	{                                                                                                    \
		.name = #member, .type = CONFIG_SECTION, .offset = offsetof(DesignConfig, member),           \
		.fields = (inner_fields), .help = (text)                                                     \
	}
#define INNER(section, member) (offsetof(DesignConfig, section.member) - offsetof(DesignConfig, section))

static const ConfigField database_fields[] = {
        {.name = "conninfo",
                .type = CONFIG_STRING,
                .offset = INNER(database, conninfo),
                .required = true,
                .help = "how the server connects (libpq); a role that is, or may become, parley_design"},
        {.name = "ingest_conninfo",
                .type = CONFIG_STRING,
                .offset = INNER(database, ingest_conninfo),
                .help = "how it connects to take journals in; a role that is, or may become, parley_ingest; "
                        "default: conninfo"},
        {.name = "owner_conninfo",
                .type = CONFIG_STRING,
                .offset = INNER(database, owner_conninfo),
                .help = "how \"migrate\" connects: the role that owns the tables; default: conninfo"},
        {.name = "connections",
                .type = CONFIG_INT,
                .offset = INNER(database, connections),
                .fallback = "10",
                .min = 2,
                .max = 200,
                .help = "at most this many at a time"},
        {0},
};

static const ConfigField grpc_fields[] = {
        {.name = "listen",
                .type = CONFIG_STRING,
                .offset = INNER(grpc, listen),
                .fallback = "127.0.0.1:7400",
                .help = "address and port for gRPC"},
        {.name = "plaintext",
                .type = CONFIG_BOOL,
                .offset = INNER(grpc, plaintext),
                .fallback = "false",
                .help = "true: without TLS; for loopback addresses only"},
        {0},
};

static const ConfigField http_fields[] = {
        {.name = "listen",
                .type = CONFIG_STRING,
                .offset = INNER(http, listen),
                .fallback = "127.0.0.1:7480",
                .help = "loopback address and port for Connect JSON, /livez, /readyz and /metrics; \"\": "
                        "none"},
        {.name = "threads",
                .type = CONFIG_INT,
                .offset = INNER(http, threads),
                .fallback = "2",
                .min = 1,
                .max = 64,
                .help = "threads that read and write"},
        {0},
};

static const ConfigField reports_fields[] = {
        {.name = "timeout_s",
                .type = CONFIG_INT,
                .offset = INNER(reports, timeout_s),
                .fallback = "25",
                .min = 1,
                .max = 3600,
                .help = "a report that takes longer is given up"},
        {.name = "at_once",
                .type = CONFIG_INT,
                .offset = INNER(reports, at_once),
                .fallback = "2",
                .min = 1,
                .max = 8,
                .help = "reports made at a time; each takes a connection and a core of the database"},
        {0},
};

#define MONTHS(member, months, text)                                                                         \
	{                                                                                                    \
		.name = #member, .type = CONFIG_INT, .offset = INNER(retention, member),                     \
		.fallback = (months), .min = 1, .max = 1200, .help = (text)                                  \
	}

static const ConfigField retention_fields[] = {
        {.name = "apply",
                .type = CONFIG_BOOL,
                .offset = INNER(retention, apply),
                .fallback = "true",
                .help = "remove by itself what is older than this; false: only when somebody says parley "
                        "retention apply"},
        {.name = "every",
                .type = CONFIG_DURATION,
                .offset = INNER(retention, every_us),
                .fallback = "1h",
                .min = US_PER_S,
                .max = 7 * 86400 * US_PER_S,
                .help = "how often; also at the start"},
        {.name = "detach",
                .type = CONFIG_BOOL,
                .offset = INNER(retention, detach),
                .fallback = "false",
                .help = "true: old months of the history become tables of their own, ..._detached_..., to be "
                        "archived; else they are dropped"},
        MONTHS(recommendation_months, "13",
                "whole months before the present one for which recommendations are kept"),
        MONTHS(contact_months, "37", "the same of contacts; at least as long as any responses.window"),
        MONTHS(response_months, "37", "of responses"),
        MONTHS(event_months, "13", "of other events"),
        MONTHS(session_months, "13", "of sessions"),
        MONTHS(cell_months, "13", "of which cells visitors were held out of, or not"),
        MONTHS(effect_months, "37",
                "of what changed visitors' state beside that; as long as contacts and responses"),
        MONTHS(event_id_months, "3", "of events' IDs: one that is sent again later counts again"),
        MONTHS(outcome_months, "37", "of outcomes, since they last changed"),
        MONTHS(reject_months, "13", "of records that could not become history"),
        MONTHS(checkpoint_months, "3",
                "of all checkpoints of the audit; of older ones the last of each day stays for ever"),
        MONTHS(unreleased_months, "3", "of snapshots that were given up before they were released"),
        {0},
};

static const ConfigField tls_fields[] = {
        {.name = "certificate",
                .type = CONFIG_STRING,
                .offset = INNER(tls, certificate),
                .help = "PEM file: this server's certificate (spiffe://parley/design)"},
        {.name = "key",
                .type = CONFIG_STRING,
                .offset = INNER(tls, key),
                .help = "PEM file: its private key"},
        {.name = "ca",
                .type = CONFIG_STRING,
                .offset = INNER(tls, ca),
                .help = "PEM file: who signs the other servers' certificates"},
        {0},
};

const ConfigField design_config_fields[] = {
        SECTION(database, database_fields, "the design database"),
        SECTION(grpc, grpc_fields, "the listener for the CLI, the console's back end and runtime servers"),
        SECTION(http, http_fields, "the listener for browsers and scripts"),
        SECTION(reports, reports_fields, "reports over the history"),
        SECTION(retention, retention_fields, "how long what grows is kept"),
        SECTION(tls, tls_fields, "keys of this server"),
        {.name = "builder_key",
                .type = CONFIG_STRING,
                .offset = offsetof(DesignConfig, builder_key),
                .required = true,
                .help = "PEM file: the Ed25519 key that seals snapshots"},
        {.name = "environments",
                .type = CONFIG_STRING,
                .offset = offsetof(DesignConfig, environments),
                .required = true,
                .help = "folder of deploy profiles: ENVIRONMENT/environment.yaml"},
        {.name = "trace_endpoint",
                .type = CONFIG_STRING,
                .offset = offsetof(DesignConfig, trace_endpoint),
                .help = "HOST:PORT of a collector that takes OTLP by gRPC, such as 127.0.0.1:4317: without "
                        "TLS on "
                        "loopback, else by this server's certificate; default: calls are not traced"},
        {.name = "trace_ratio",
                .type = CONFIG_SHARE,
                .offset = offsetof(DesignConfig, trace_ratio),
                .fallback = "0%",
                .min = 0,
                .max = 1000000,
                .help = "of the calls that come without a traceparent, how many begin a trace; with one, its "
                        "sampled "
                        "flag decides"},
        {.name = "log_level",
                .type = CONFIG_STRING,
                .offset = offsetof(DesignConfig, log_level),
                .fallback = "info",
                .help = "debug, info, warn or error"},
        {0},
};

// Files in the configuration are looked for beside it.
static void resolve(Str folder, Arena *arena, Str *path)
{
	if (path->len)
		*path = str(path_join(arena, folder, *path));
}

static Err check(const DesignConfig *config)
{
	bool tls = config->tls.certificate.len && config->tls.key.len && config->tls.ca.len;
	if (!tls && !config->grpc.plaintext)
		return err(ERR_CONFIG_INVALID, "tls: give certificate, key and ca; or, on loopback only, "
		                               "\"grpc: {plaintext: true}\"");
	if (tls && config->grpc.plaintext)
		return err(ERR_CONFIG_INVALID,
		        "grpc: plaintext is true, but tls is given too: leave one of them out");
	return OK;
}

Err design_config_load(const char *path, Arena *arena, DesignConfig *ret)
{
	const char *slash = strrchr(path, '/');
	Str folder = slash ? str_n(path, (size_t)(slash - path) + (slash == path)) : STR(".");
	TRY(config_load(path, design_config_fields, arena, ret));
	Str *files[] = {
	        &ret->tls.certificate, &ret->tls.key, &ret->tls.ca, &ret->builder_key, &ret->environments};
	for (size_t i = 0; i < ARRAY_COUNT(files); i++)
		resolve(folder, arena, files[i]);
	Err failed = check(ret);
	return failed == OK ? OK : err_context(failed, "%s", path);
}
