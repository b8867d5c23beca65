// Certificates as an installation of our own makes them, by the same script.
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

static void names(const Certificates *of, const char *name, char ret[2][128])
{
	snprintf(ret[0], sizeof(ret[0]), "%s/%s.crt", of->folder, name);
	snprintf(ret[1], sizeof(ret[1]), "%s/%s.key", of->folder, name);
}

void certificates_make(Certificates *ret)
{
	char command[1024];

	snprintf(ret->folder, sizeof(ret->folder), "/tmp/parley-rpc-XXXXXX");
	assert_non_null(mkdtemp(ret->folder));
	snprintf(command, sizeof(command),
	        "bash -euc '. \"$1\"; cd \"$2\"; authority_make .; authority_make other;"
	        " certificate_make . . server spiffe://parley/runtime/test/r1;"
	        " certificate_make . . touchpoint spiffe://parley/touchpoint/test/kiosk;"
	        " certificate_make other other stranger spiffe://parley/design' - " PARLEY_SOURCE
	        "/deploy-profiles/local/certificates.sh %s 2>/dev/null",
	        ret->folder);
	if (system(command) != 0) {
		fprintf(stderr, "certificates.sh failed: %s\n", command);
		exit(1);
	}
	snprintf(ret->ca, sizeof(ret->ca), "%s/ca.crt", ret->folder);
	snprintf(ret->stranger_ca, sizeof(ret->stranger_ca), "%s/other/ca.crt", ret->folder);
	names(ret, "server", ret->server);
	names(ret, "touchpoint", ret->touchpoint);
	names(ret, "other/stranger", ret->stranger);
}

void certificates_remove(const Certificates *certificates)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", certificates->folder);
	assert_int_equal(system(command), 0);
}
