// The handler of HistoryService.
#pragma once
#include "history/history.h"

#include "parley/design/v1/history.pb-c.h"

void list_history(void *service, RpcCall *call, const ProtobufCMessage *request);
