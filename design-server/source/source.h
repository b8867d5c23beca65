// Source codes: codes for paper and telephone, issued here and answered by the runtime servers, which know
// them by their MAC (common/link). What was issued is in the table source_code, by which responses to them
// are matched.
#pragma once
#include "environment/environment.h"
#include "services.h"

// SourceCodeService. The environments outlive the server; `arena` too.
Err source_register(Services *services, const Environments *environments, Arena *arena, RpcServer *server);
