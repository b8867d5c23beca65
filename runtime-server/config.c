#include "config.h"

#include "base/clock.h"
#include "base/file.h"
#include "decide/decide.h"

#include <libgen.h>

#define AT(member) offsetof(Config, member)

enum { LINK_BASE_MAX = 200 };

static const ConfigField tls_fields[] = {
        {.name = "certificate",
                .type = CONFIG_STRING,
                .offset = AT(tls.certificate),
                .required = true,
                .help = "PEM file: this server's certificate chain"},
        {.name = "key",
                .type = CONFIG_STRING,
                .offset = AT(tls.key),
                .required = true,
                .help = "PEM file: its private key"},
        {.name = "ca",
                .type = CONFIG_STRING,
                .offset = AT(tls.ca),
                .required = true,
                .help = "PEM file: the authority of touchpoints and of the design server"},
        {0},
};

static const ConfigField journal_fields[] = {
        {.name = "dir",
                .type = CONFIG_STRING,
                .offset = AT(journal.dir),
                .help = "folder; default: journal in state_dir"},
        {.name = "quota",
                .type = CONFIG_SIZE,
                .offset = AT(journal.quota),
                .fallback = "4GiB",
                .min = 256 << 20,
                .max = INT64_MAX,
                .help = "from 70 % of it on, events are refused until the design server took what is there"},
        {0},
};

static const ConfigField visitor_fields[] = {
        {.name = "max",
                .type = CONFIG_INT,
                .offset = AT(visitors.max),
                .fallback = "2000000",
                .min = 1,
                .max = 100000000,
                .help = "visitors of whom something is remembered, at some 100 to 300 bytes each; beyond, "
                        "those "
                        "inactive longest are forgotten"},
        {.name = "facts",
                .type = CONFIG_INT,
                .offset = AT(visitors.facts),
                .fallback = "256",
                .min = 8,
                .max = DECIDE_FACTS_MAX,
                .help = "contacts, responses and suppressions of one visitor; beyond, old ones are merged, "
                        "then "
                        "dropped"},
        {.name = "retention",
                .type = CONFIG_DURATION,
                .offset = AT(visitors.retention_us),
                .fallback = "400d",
                .min = US_PER_S * 3600,
                .max = US_PER_S * 86400 * 36500,
                .help = "older contacts count no longer; accepts and rejects stay"},
        {.name = "treatments",
                .type = CONFIG_SIZE,
                .offset = AT(visitors.treatments),
                .fallback = "64MiB",
                .min = 8 << 20,
                .max = INT64_C(64) << 30,
                .help = "memory for the newest recommendations, which events of any session can quote; one "
                        "takes "
                        "some 300 bytes"},
        {.name = "treatment_age",
                .type = CONFIG_DURATION,
                .offset = AT(visitors.treatment_age_us),
                .fallback = "30d",
                .min = 60 * US_PER_S,
                .max = US_PER_S * 86400 * 3650,
                .help = "older ones cannot be quoted outside their session"},
        {.name = "checkpoint",
                .type = CONFIG_DURATION,
                .offset = AT(visitors.checkpoint_us),
                .fallback = "5m",
                .min = US_PER_S,
                .max = US_PER_S * 86400,
                .help = "between two checkpoints of it: what came since is read again from the journal at a "
                        "start"},
        {0},
};

static const ConfigField profile_fields[] = {
        {.name = "conninfo",
                .type = CONFIG_STRING,
                .offset = AT(profiles.conninfo),
                .help = "PostgreSQL connection string of a read-only login; default: no profile database"},
        {.name = "timeout",
                .type = CONFIG_DURATION,
                .offset = AT(profiles.timeout_us),
                .fallback = "200ms",
                .min = 1000,
                .max = 60000000,
                .help = "after this long a session starts with default attributes"},
        {.name = "connections",
                .type = CONFIG_INT,
                .offset = AT(profiles.connections),
                .fallback = "4",
                .min = 1,
                .max = 64,
                .help = "connections to it"},
        {0},
};

static const ConfigField design_fields[] = {
        {.name = "address",
                .type = CONFIG_STRING,
                .offset = AT(design.address),
                .required = true,
                .help = "HOST:PORT of the design server, where the journal goes"},
        {.name = "tls_name",
                .type = CONFIG_STRING,
                .offset = AT(design.tls_name),
                .help = "the name that its certificate must have; default: the address's host"},
        {0},
};

static const ConfigField limit_fields[] = {
        {.name = "sessions",
                .type = CONFIG_INT,
                .offset = AT(limits.sessions),
                .fallback = "1000000",
                .min = 1,
                .max = 100000000,
                .help = "open sessions; more are refused"},
        {.name = "calls",
                .type = CONFIG_INT,
                .offset = AT(limits.calls),
                .fallback = "1024",
                .min = 1,
                .max = 65536,
                .help = "calls in flight; more are refused"},
        {0},
};

static const ConfigField link_fields[] = {
        {.name = "base",
                .type = CONFIG_STRING,
                .offset = AT(links.base),
                .required = true,
                .help = "how browsers reach the HTTP side of this environment's servers, such as "
                        "https://offers.example.com: what stands before /c/"},
        {.name = "key",
                .type = CONFIG_STRING,
                .offset = AT(links.key),
                .required = true,
                .help = "file with the environment's link keys, the same on all its servers: 64 hex digits a "
                        "line, the one that signs first"},
        {.name = "age",
                .type = CONFIG_DURATION,
                .offset = AT(links.age_us),
                .fallback = "30d",
                .min = 60 * US_PER_S,
                .max = US_PER_S * 86400 * 3650,
                .help = "how long a link holds"},
        {0},
};

const ConfigField config_fields[] = {
        {.name = "runtime_id",
                .type = CONFIG_STRING,
                .offset = AT(runtime_id),
                .required = true,
                .help = "this server's ID, the one in its certificate: at most 64 bytes"},
        {.name = "environment",
                .type = CONFIG_STRING,
                .offset = AT(environment),
                .required = true,
                .help = "test, staging, production, …"},
        {.name = "fleet",
                .type = CONFIG_STRING,
                .offset = AT(fleet),
                .required = true,
                .help = "the server group"},
        {.name = "listen",
                .type = CONFIG_STRING,
                .offset = AT(listen),
                .required = true,
                .help = "ADDRESS:PORT with TLS, for touchpoints and the design server; port 0 takes a free "
                        "one"},
        {.name = "plaintext",
                .type = CONFIG_STRING,
                .offset = AT(plaintext),
                .help = "ADDRESS:PORT without TLS, loopback only, for touchpoints with a token; default: "
                        "none"},
        {.name = "http",
                .type = CONFIG_STRING,
                .offset = AT(http),
                .help = "ADDRESS:PORT without TLS for /livez, /readyz and /metrics; default: none"},
        {.name = "state_dir",
                .type = CONFIG_STRING,
                .offset = AT(state_dir),
                .required = true,
                .help = "folder for snapshots and the journal"},
        {.name = "log_level",
                .type = CONFIG_STRING,
                .offset = AT(log_level),
                .fallback = "info",
                .help = "debug, info, warn or error"},
        {.name = "tls",
                .type = CONFIG_SECTION,
                .required = true,
                .fields = tls_fields,
                .help = "who this server is"},
        {.name = "trusted_root",
                .type = CONFIG_STRING,
                .offset = AT(trusted_root),
                .required = true,
                .help = "a signed root of the environment: who may sign what is deployed. Newer ones come by "
                        "themselves"},
        {.name = "touchpoint_tokens",
                .type = CONFIG_STRINGS,
                .offset = AT(touchpoint_tokens),
                .help = "SHA-256 (64 hex digits) of every token that a touchpoint may show"},
        {.name = "journal", .type = CONFIG_SECTION, .fields = journal_fields, .help = "the journal"},
        {.name = "visitors",
                .type = CONFIG_SECTION,
                .fields = visitor_fields,
                .help = "what is remembered of visitors beyond their sessions"},
        {.name = "profiles",
                .type = CONFIG_SECTION,
                .fields = profile_fields,
                .help = "the profile database"},
        {.name = "design", .type = CONFIG_SECTION, .fields = design_fields, .help = "the design server"},
        {.name = "links",
                .type = CONFIG_SECTION,
                .fields = link_fields,
                .help = "click links of offers; default: none are made or answered"},
        {.name = "limits", .type = CONFIG_SECTION, .fields = limit_fields, .help = "limits"},
        {.name = "trace_endpoint",
                .type = CONFIG_STRING,
                .offset = AT(trace_endpoint),
                .help = "HOST:PORT of a collector that takes OTLP by gRPC, such as 127.0.0.1:4317: without "
                        "TLS on "
                        "loopback, else by this server's certificate; default: calls are not traced"},
        {.name = "trace_ratio",
                .type = CONFIG_SHARE,
                .offset = AT(trace_ratio),
                .fallback = "0%",
                .min = 0,
                .max = 1000000,
                .help = "of the calls that come without a traceparent, how many begin a trace; with one, its "
                        "sampled "
                        "flag decides"},
        {.name = "busy_poll",
                .type = CONFIG_DURATION,
                .offset = AT(busy_poll_us),
                .fallback = "150us",
                .min = 0,
                .max = 10000,
                .help = "where calls follow one another within this time, the server looks for the next one "
                        "instead of sleeping: a third less latency for up to one core; 0s: it never does"},
        {.name = "drain",
                .type = CONFIG_DURATION,
                .offset = AT(drain_us),
                .fallback = "10s",
                .min = 0,
                .max = 600000000,
                .help = "how long calls in flight may go on after SIGTERM"},
        {0},
};

static Err check_names(const Config *config)
{
	if (config->runtime_id.len == 0 || config->runtime_id.len > 64)
		return err_at(ERR_CONFIG_INVALID, "runtime_id", "runtime_id has 1 to 64 bytes");
	if (config->environment.len == 0 ||
	        memchr(config->environment.ptr, '/', config->environment.len) != NULL)
		return err_at(ERR_CONFIG_INVALID, "environment", "environment is a name without a slash");
	return OK;
}

// An address to which "/c/" and a token can be added.
static Err check_links(Config *config)
{
	Str *base = &config->links.base;
	if (base->len == 0)
		return OK;
	while (base->len > 0 && base->ptr[base->len - 1] == '/')
		base->len--;
	Str rest = str_starts(*base, STR("https://"))  ? str_n(base->ptr + 8, base->len - 8)
	           : str_starts(*base, STR("http://")) ? str_n(base->ptr + 7, base->len - 7)
	                                               : STR("");
	bool fine = rest.len > 0 && base->len <= LINK_BASE_MAX;
	for (size_t i = 0; fine && i < rest.len; i++)
		fine = rest.ptr[i] > ' ' && rest.ptr[i] <= '~' && strchr("?#\\\"<>@", rest.ptr[i]) == NULL;
	return fine ? OK
	            : err_at(ERR_CONFIG_INVALID, "links.base",
	                      "links.base is an address such as https://offers.example.com, at most %d bytes "
	                      "and without ? and #",
	                      LINK_BASE_MAX);
}

static Err read_tokens(Config *config, Arena *arena)
{
	config->token_hashes = arena_alloc_array(arena, TOKEN_HASH_SIZE, config->touchpoint_tokens.count + 1);
	if (config->token_hashes == NULL)
		return err(ERR_NO_MEMORY, "no memory for the configuration");
	for (size_t i = 0; i < config->touchpoint_tokens.count; i++)
		if (!hex_decode(config->touchpoint_tokens.items[i], config->token_hashes[i], TOKEN_HASH_SIZE))
			return err_at(ERR_CONFIG_INVALID, "touchpoint_tokens",
			        "touchpoint_tokens[%zu] is no SHA-256: 64 hex digits, such as `sha256sum` "
			        "prints of the token",
			        i);
	return OK;
}

static void resolve(Str *path, Str folder, Arena *arena)
{
	if (path->len > 0)
		*path = str(path_join(arena, folder, *path));
}

static void resolve_paths(Config *config, Str folder, Arena *arena)
{
	if (config->journal.dir.len == 0)
		config->journal.dir = str(path_join(arena, config->state_dir, STR("journal")));
	Str *paths[] = {&config->state_dir, &config->journal.dir, &config->tls.certificate, &config->tls.key,
	        &config->tls.ca, &config->trusted_root, &config->links.key};
	for (size_t i = 0; i < ARRAY_COUNT(paths); i++)
		resolve(paths[i], folder, arena);
}

Err config_read(const char *path, Arena *arena, Config *ret)
{
	*ret = (Config){0};
	TRY(config_load(path, config_fields, arena, ret));
	TRY(check_names(ret));
	TRY(check_links(ret));
	TRY(read_tokens(ret, arena));
	if (!log_level_parse(ret->log_level, &ret->level))
		return err_at(
		        ERR_CONFIG_INVALID, "log_level", "log_level is one of debug, info, warn, error");
	resolve_paths(ret, str(dirname(arena_cstr(arena, str(path)))), arena);
	return OK;
}
