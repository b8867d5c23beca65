// The contact and response history: taking in what runtime servers ship, exactly once, and reading it. See
// README.md.
#pragma once
#include "services.h"

// Adds IngestService, HistoryService and ReportService.
Err history_register(Services *services, RpcServer *server);
// What this process has taken in.
struct Metrics;
void history_metrics(struct Metrics *metrics);

enum {
	HISTORY_SHIP_MAX = 4 << 20,                         // bytes of one ShipRecords request's records
	HISTORY_SHIP_REQUEST_MAX = HISTORY_SHIP_MAX + 1024, // bytes of the whole request
};
