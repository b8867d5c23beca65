// Passwords by libsodium's Argon2id.
#include "admin/admin_internal.h"

#include <errno.h>
#include <semaphore.h>
#include <time.h>

enum { PASSWORD_MIN = 12, PASSWORD_MAX = 1024, AT_A_TIME = 2, WAIT_S = 5 };

static sem_t places;

__attribute__((constructor)) static void make_places(void)
{
	sem_init(&places, 0, AT_A_TIME);
}

static Err take_place(void)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += WAIT_S;
	while (sem_clockwait(&places, CLOCK_MONOTONIC, &until) != 0)
		if (errno != EINTR)
			return err_retry(ERR_BUSY, 1000, "too many logins at once: try again");
	return OK;
}

Err password_hash(Str password, PasswordHash *ret)
{
	if (password.len < PASSWORD_MIN || password.len > PASSWORD_MAX)
		return err_at(ERR_FIELD_INVALID, "password", "a password has %d to %d characters",
		        PASSWORD_MIN, PASSWORD_MAX);
	TRY(take_place());
	int failed = crypto_pwhash_str(ret->text, password.ptr, password.len,
	        crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE);
	sem_post(&places);
	return failed ? err(ERR_NO_MEMORY, "no memory to hash a password") : OK;
}

Err password_check(Str password, Str hash)
{
	// A hash of nothing in particular, so that an unknown user costs the same work.
	static const char nobody[] = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
	                             "qqQ5FJpAjZVZlpkZ9Nbxcm7ClfEWfhYF2QWcA5MZ5Uo";
	PasswordHash stored = {0};
	Str against = hash.len && hash.len < sizeof(stored.text) ? hash : str(nobody);
	memcpy(stored.text, against.ptr, against.len);
	TRY(take_place());
	bool right = password.len <= PASSWORD_MAX &&
	             crypto_pwhash_str_verify(stored.text, password.ptr, password.len) == 0;
	sem_post(&places);
	return right && hash.len ? OK : err(ERR_LOGIN_FAILED, "user or password is wrong");
}
