// The services' methods. All wait for the database, so they run on worker threads.
#include "history/history.h"

#include "history/decisions.h"
#include "history/ingest.h"
#include "history/list.h"
#include "history/report.h"

static const RpcMethod ingest_methods[] = {
        {.name = "GetCursor", .handler = ingest_get_cursor, .blocking = true},
        {.name = "ShipRecords",
                .handler = ingest_ship_records,
                .blocking = true,
                .max_request = HISTORY_SHIP_REQUEST_MAX},
};

static const RpcMethod history_methods[] = {
        {.name = "ListHistory", .handler = list_history, .blocking = true},
        {.name = "GetDecision", .handler = get_decision, .blocking = true},
        {.name = "ListDecisions", .handler = list_decisions, .blocking = true},
};

static const RpcMethod report_methods[] = {
        {.name = "RunReport", .handler = run_report, .blocking = true},
};

Err history_register(Services *services, RpcServer *server)
{
	TRY(rpc_server_add(server, &parley__design__v1__ingest_service__descriptor, ingest_methods,
	        ARRAY_COUNT(ingest_methods), services));
	TRY(rpc_server_add(server, &parley__design__v1__history_service__descriptor, history_methods,
	        ARRAY_COUNT(history_methods), services));
	return rpc_server_add(server, &parley__design__v1__report_service__descriptor, report_methods,
	        ARRAY_COUNT(report_methods), services);
}
