// The handlers of IngestService.
#pragma once
#include "history/history.h"

#include "parley/design/v1/history.pb-c.h"

void ingest_get_cursor(void *service, RpcCall *call, const ProtobufCMessage *request);
void ingest_ship_records(void *service, RpcCall *call, const ProtobufCMessage *request);
