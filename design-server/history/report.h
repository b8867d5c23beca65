// The handler of ReportService.
#pragma once
#include "history/history.h"

#include "parley/design/v1/report.pb-c.h"

void run_report(void *service, RpcCall *call, const ProtobufCMessage *request);
