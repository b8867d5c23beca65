// OutcomeService: reports from outside are taken in, and what became of treatments is told.
#pragma once
#include "base/error.h"
#include "services.h"

enum { OUTCOME_IMPORT_REQUEST_MAX = 1024 * 1024, OUTCOME_IMPORT_MAX = 1000 };

Err outcome_register(Services *services, RpcServer *server);
