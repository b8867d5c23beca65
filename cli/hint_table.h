// One row one reason: what a person can do about it.
HINT_ROW(UNAUTHENTICATED, "sign in: parley login USER")
HINT_ROW(TOKEN_EXPIRED, "sign in again: parley login USER")
HINT_ROW(LOGIN_FAILED, "an administrator sets a new password: parley user passwd USER")
HINT_ROW(PERMISSION_DENIED, "parley whoami tells your roles; an administrator grants more: parley user grant "
                            "NAME ROLE [--env ENVIRONMENT]")
HINT_ROW(UNAVAILABLE,
        "is the server running, and is the address right? parley context list; or give --design or --runtime")
HINT_ROW(TIMEOUT, "try again, or give it longer: --timeout 60s")
HINT_ROW(RESOURCE_NOT_FOUND, "parley get KIND lists what there is")
HINT_ROW(RESOURCE_EXISTS, "parley apply changes what exists")
HINT_ROW(RESOURCE_IN_USE, "delete what refers to it first")
HINT_ROW(REFERENCE_DANGLING, "create what it refers to first, or put it into the same files")
HINT_ROW(ETAG_STALE, "read it again (parley get), merge, and repeat; or leave the etag out to overwrite")
HINT_ROW(RESOURCE_MARKED, "parley marks lists what is marked; deploying ends it, and so does parley unmark")
HINT_ROW(MARKS_INCOMPLETE,
        "mark what it names too; or parley unmark what needs it; parley pending shows what is marked")
HINT_ROW(FIELD_UNKNOWN, "parley get KIND NAME -o yaml shows a resource's fields")
HINT_ROW(ENVIRONMENT_UNKNOWN, "parley environments lists them")
HINT_ROW(PROMOTION_SOURCE, "deploy to the environment before it first: parley environments")
HINT_ROW(
        CHANNEL_NOT_DEPLOYED, "parley deploy CHANNEL --to ENVIRONMENT; parley rollout status shows what runs")
HINT_ROW(SESSION_UNKNOWN, "open it: parley session start")
HINT_ROW(SEQUENCE_PASSED, "give a higher --sequence, or none")
HINT_ROW(SERVER_UNREACHABLE, "parley rollout status shows which server; deploying again is harmless")
HINT_ROW(DB_UNAVAILABLE, "check --database: parley hands it to PostgreSQL as it stands")
