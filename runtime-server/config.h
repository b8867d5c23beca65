// What a runtime server's configuration file holds. `parley-runtime --help-config` prints every key; config.c
// is the table.
#pragma once
#include "base/config.h"
#include "base/log.h"
#include "service/access.h"

typedef struct Config {
	Str runtime_id, environment, fleet;
	Str listen, plaintext, http; // addresses; the latter two empty: none
	Str state_dir;
	Str log_level;
	struct {
		Str certificate, key, ca;
	} tls;
	Str trusted_root;                // a file
	ConfigStrings touchpoint_tokens; // SHA-256, hex
	struct {
		Str dir; // empty: state_dir/journal
		int64_t quota;
	} journal;
	struct {
		int64_t max, facts, retention_us, treatments, treatment_age_us, checkpoint_us;
	} visitors;
	struct {
		Str conninfo; // empty: there is no profile database
		int64_t timeout_us, connections;
	} profiles;
	struct {
		Str address; // empty: the journal is kept and not shipped
		Str tls_name;
	} design;
	struct {
		int64_t sessions, calls;
	} limits;
	struct {
		Str base; // empty: no links are made
		Str key;
		int64_t age_us;
	} links;
	Str trace_endpoint;  // empty: calls are not traced
	int64_t trace_ratio; // millionths
	int64_t drain_us, busy_poll_us;
	// Made from the above.
	uint8_t (*token_hashes)[TOKEN_HASH_SIZE];
	LogLevel level;
} Config;

extern const ConfigField config_fields[];

// Reads and checks the file; texts live in `arena` and end in NUL. Relative paths are taken from the file's
// folder. Errors: IO, CONFIG_INVALID.
Err config_read(const char *path, Arena *arena, Config *ret);
