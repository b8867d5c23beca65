// The admin API: configuration resources, users, the audit; over gRPC, and by http.h as Connect.
#pragma once
#include "services.h"

typedef struct Admin Admin;

// NULL if memory is out.
Admin *admin_new(Services *services);
void admin_free(Admin *admin);
// Adds the services of all kinds of resources, AuthService, UserService and AuditService.
Err admin_register(Admin *admin, RpcServer *server);
// Who may call what (access.h), for RpcServerOptions; the context is an Admin. Default deny.
Err admin_authorize(void *admin, RpcCall *call, const RpcMethod *method, const RpcPeer *peer, Arena *arena,
        void **ret_principal);
Err admin_examine(void *admin, RpcCall *call, const ProtobufCMessage *request);
// What admin_authorize does, of a method's path.
Err admin_authorize_path(
        const Admin *admin, Str path, const RpcPeer *peer, Arena *arena, void **ret_principal);

// Makes a user, or gives an existing one this role and password, as the program's operator does.
Err admin_set_user(Services *services, Str name, Str role, Str password);
