// Entries of the append-only audit.
#include "store/store.h"

Err audit_write(Pg *pg, const Audit *audit)
{
	return SQL_RUN(pg, NULL, audit_append, P_TIME(audit->time_us), P_TEXT(audit->actor),
	        P_TEXT(audit->action), P_TEXT(audit->kind), P_TEXT(audit->channel), P_TEXT(audit->name),
	        P_TEXT(audit->before), P_TEXT(audit->after));
}
