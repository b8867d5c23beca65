// The service manager's notification protocol: one datagram to the socket that NOTIFY_SOCKET names.
#include "design.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void notify(const char *state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	Str path = str(getenv("NOTIFY_SOCKET"));
	if (!path.len || path.len >= sizeof(address.sun_path) || (path.ptr[0] != '/' && path.ptr[0] != '@'))
		return;
	memcpy(address.sun_path, path.ptr, path.len);
	if (path.ptr[0] == '@')
		address.sun_path[0] = 0; // an abstract socket
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len);
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, len);
	close(fd);
}
