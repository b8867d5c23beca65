// Where the audit is read from, by audit verify and audit export: the servers, or an export.
#pragma once
#include "cli.h"
#include "history/audit.h"

// Takes what is read: roots first, then checkpoints, then entries.
typedef Err (*AuditTake)(void *context, const Parley__Design__V1__AuditRecord *record);

typedef struct AuditReading {
	Cli *cli;
	AuditTake take;
	void *context;
	json_t *unreached; // texts: who could not be asked, and why
} AuditReading;

// The runtime server of each environment in the context, and the design server. A runtime server that is away
// is no error.
Err audit_read_servers(AuditReading *reading);
// "-" is standard input. Errors: IO, and of a line that is none, with its number.
Err audit_read_export(AuditReading *reading, const char *path);
