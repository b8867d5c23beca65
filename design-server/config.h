// What parley-design reads from its configuration file (config.c has the table of keys).
#pragma once
#include "base/config.h"

typedef struct DesignConfig {
	struct {
		Str conninfo;        // the server's own: a role that is, or may become, parley_design
		Str ingest_conninfo; // likewise parley_ingest, which takes journals in; empty: conninfo
		Str owner_conninfo; // of `migrate` and `user`: the role that owns the tables; empty: conninfo
		int64_t connections;
	} database;
	struct {
		Str listen;
		bool plaintext; // without TLS; loopback only
	} grpc;
	struct {
		Str listen; // loopback only; empty: no HTTP
		int64_t threads;
	} http;
	struct {
		int64_t timeout_s; // after which a report is given up
		int64_t at_once;   // how many are made at a time
	} reports;
	struct {
		bool apply;       // what is too old is removed by itself
		int64_t every_us; // how often that is looked at
		bool detach;      // old months of the history become tables of their own
		// How many whole months each is kept (retention/README.md).
		int64_t recommendation_months, contact_months, response_months, event_months, session_months,
		        cell_months, effect_months;
		int64_t event_id_months, outcome_months, reject_months, checkpoint_months, unreleased_months;
	} retention;
	// This server's certificate, for its listener and for its calls to runtime servers
	// (spiffe://parley/design).
	struct {
		Str certificate;
		Str key;
		Str ca;
	} tls;
	Str builder_key;     // PEM of the Ed25519 key that seals snapshots
	Str environments;    // folder of deploy profiles
	Str trace_endpoint;  // empty: calls are not traced
	int64_t trace_ratio; // millionths
	Str log_level;
} DesignConfig;
