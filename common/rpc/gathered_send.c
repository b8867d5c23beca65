// gRPC core's sendmsg, by the linker's --wrap: the one place where a send can still be told that more
// follows.
#include "rpc/internal.h"

#include <sys/socket.h>

ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
	return __real_sendmsg(fd, message, coalesce_note(fd) ? flags | MSG_MORE : flags);
}
