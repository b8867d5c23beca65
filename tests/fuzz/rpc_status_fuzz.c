// Any bytes as what a server says in grpc-status-details-bin: the client takes from it what it understands,
// within bounds.
#include "fuzz.h"
#include "rpc/internal.h"

#include <grpc/slice.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	grpc_metadata trailer = {
	        .key = grpc_slice_from_static_string("grpc-status-details-bin"),
	        .value = grpc_slice_from_static_buffer(data, size),
	};
	const grpc_metadata_array trailers = {.count = 1, .capacity = 1, .metadata = &trailer};
	ErrDetail failure = {.id = OK};

	status_read(&trailers, &failure);
	if ((unsigned)failure.id >= ERR_COUNT || failure.retry_after_ms < 0 ||
	        !memchr(failure.message, '\0', sizeof(failure.message)) ||
	        !memchr(failure.field, '\0', sizeof(failure.field)))
		abort();
	return 0;
}
