// ListHistory, and what it shares with the other handlers of HistoryService.
#pragma once
#include "history/history.h"

#include "parley/design/v1/history.pb-c.h"

// The history's bounds: years 2000 to 2199.
#define HISTORY_LEAST_US  (INT64_C(946684800) * 1000000)
#define HISTORY_BEYOND_US (INT64_C(7258118400) * 1000000)

// A request's moment; not set: *ret_us stays. Error: FIELD_INVALID if it is not within the history's bounds.
Err history_moment(const Google__Protobuf__Timestamp *time, const char *field, int64_t *ret_us);

void list_history(void *service, RpcCall *call, const ProtobufCMessage *request);
