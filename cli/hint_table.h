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
HINT_ROW(DECISION_UNKNOWN, "parley history --kind recommendation -o json tells decisions' names")
HINT_ROW(RECEIPT_INVALID, "parley decision replay ID tells where it differs")
HINT_ROW(TREATMENT_UNKNOWN, "if it is of another server or long ago: parley respond CODE accept|reject")
HINT_ROW(RESPONSE_STATE, "parley orphans list --all shows how late responses stand")
HINT_ROW(SEQUENCE_PASSED, "give a higher --sequence, or none")
HINT_ROW(SERVER_UNREACHABLE, "parley rollout status shows which server; deploying again is harmless")
HINT_ROW(DB_UNAVAILABLE, "check --database: parley hands it to PostgreSQL as it stands")
HINT_ROW(PASSPHRASE_WRONG, "parley key passphrase changes it for who knows the old one; nobody else can")
HINT_ROW(KEY_ROLE, "parley key show tells a key's ID, parley root show who holds which")
HINT_ROW(APPROVALS_MISSING, "parley approve CHANNEL --env ENVIRONMENT --key FILE")
HINT_ROW(APPROVER_IS_AUTHOR, "ask another approver; parley environments lists them")
HINT_ROW(ROOT_EXPIRED, "holders of root keys make the next one: parley root change")
HINT_ROW(ROOT_UNTRUSTED, "sign nothing; ask those who hold the root keys. If the root is theirs: --root with "
                         "the file that you have from them")
HINT_ROW(ROOT_VERSION, "parley root get fetches the newest; the next one follows that: parley root change")
HINT_ROW(GATE_FAILED, "parley promotion CHANNEL shows all gates; the commands above make new evidence")
HINT_ROW(PLAN_UNKNOWN,
        "parley plan submit PLAN --env ENVIRONMENT; parley plan submitted lists those that were")
HINT_ROW(PLAN_STATE, "parley plan show PLAN --env ENVIRONMENT tells how it stands")
HINT_ROW(PLAN_MOVED, "nothing was changed. Plan again over the same events with what runs there and visitor "
                     "state of now (parley plan run "
                     "--state-file), compare, and submit that")
HINT_ROW(PLAN_STATEMENT, "do not sign it; tell an administrator")
HINT_ROW(DEPLOYMENT_NOT_FOUND, "parley rollout history lists what was deployed")
HINT_ROW(
        FINDINGS_UNACKNOWLEDGED, "read them: parley validate CHANNEL; then --acknowledge each, or correct it")
HINT_ROW(FINDINGS_ERROR, "parley validate CHANNEL lists them, with remedies")
HINT_ROW(IN_USE, "parley history --env ENVIRONMENT shows the calls")
HINT_ROW(REPORT_TIMEOUT,
        "narrow it: --since 7d, --env, --channel, --campaign or --offer-code; fewer dimensions do not help")
