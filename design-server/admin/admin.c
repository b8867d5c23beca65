// Puts the admin API together.
#include "admin/admin_internal.h"

#include <stdlib.h>

Admin *admin_new(Services *services)
{
	Admin *admin = calloc(1, sizeof(*admin));
	if (!admin)
		return NULL;
	admin->services = services;
	admin->throttle = throttle_new();
	if (!admin->throttle || sodium_init() < 0) {
		admin_free(admin);
		return NULL;
	}
	return admin;
}

void admin_free(Admin *admin)
{
	if (!admin)
		return;
	throttle_free(admin->throttle);
	free(admin);
}

Err admin_register(Admin *admin, RpcServer *server)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		TRY(kind_register(&admin->kinds[i], admin->services, &kinds[i], server));
	TRY(auth_register(admin, server));
	TRY(user_register(admin, server));
	return audit_register(admin, server);
}
