// Ships the journal to the design server: a thread of its own that reads durable records, sends them to
// IngestService and, once they are committed there, tells the journal, which deletes what nobody needs any
// more. It never gives up: while the design server is away or refuses, the journal keeps everything.
// README.md tells the order of things.
#pragma once
#include "journal/journal.h"
#include "rpc/rpc.h"

typedef struct Ship Ship;

typedef struct ShipOptions {
	Journal *journal;               // must outlive the Ship
	const RpcClientOptions *design; // with this runtime server's certificate; read at start
	const char *runtime_id;         // as in the certificate and in the journal; must outlive the Ship
	const char *environment;        // as in the certificate; must outlive the Ship
	size_t batch_bytes;             // of one call; 0: 4 MiB, which is the most
	int call_timeout_ms;            // 0: 10,000
	int retry_least_ms;             // 0: 100: the first pause after a failure; it doubles each time …
	int retry_most_ms;              // 0: 10,000: … up to this
} ShipOptions;

typedef struct ShipStatus {
	bool shipping;        // the last call went well
	uint64_t incarnation; // being shipped; 0: nothing was there yet
	uint64_t shipped;     // its last record that the design server has
	uint64_t behind;      // records of this process's life that it has not
	bool older;           // an older life's records are still being shipped
	int64_t lag_us;       // how long ago everything until then was there; -1: not known yet
	int64_t quiet_us;     // since the last call that went well, or since the start
	uint64_t failures;    // calls that failed, since the start
	ErrDetail last_error; // of the last one that did; id OK: none
} ShipStatus;

// Starts the thread; it does not wait for the design server. Errors: CONFIG_INVALID, NO_MEMORY, IO, those of
// rpc_client_new.
Err ship_start(const ShipOptions *options, Ship **ret);
// Stops after the calls under way (at most call_timeout_ms). What is not shipped stays in the journal. NULL
// is fine.
void ship_stop(Ship *ship);
void ship_status(Ship *ship, ShipStatus *ret);
