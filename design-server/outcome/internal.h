// The handlers of OutcomeService.
#pragma once
#include "outcome/outcome.h"

#include "parley/design/v1/outcome.pb-c.h"

void import_outcomes(void *service, RpcCall *call, const ProtobufCMessage *request);
void get_outcome(void *service, RpcCall *call, const ProtobufCMessage *request);
void list_outcomes(void *service, RpcCall *call, const ProtobufCMessage *request);

static inline Err outcome_no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for outcomes");
}
