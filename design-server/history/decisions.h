// The handlers of HistoryService that tell decisions with their receipts.
#pragma once
#include "history/history.h"

#include "parley/design/v1/history.pb-c.h"

void get_decision(void *service, RpcCall *call, const ProtobufCMessage *request);
void list_decisions(void *service, RpcCall *call, const ProtobufCMessage *request);
