// Whether this server still takes connections: after it once ran out of file descriptors, gRPC's listener
// never accepts again, although the process lives and health says SERVING. Asked by connecting to the
// server's own port.
#pragma once
#include "base/error.h"

// Connects to `address` ("HOST:PORT", a wildcard host is taken as loopback; `port` in the place of its port)
// and waits for the server to notice that we hang up, which it does only if it accepted us. Errors: TIMEOUT,
// UNAVAILABLE.
Err watchdog_probe(const char *address, int port, int timeout_ms);
