// One row one option: id, name, short letter or 0, what it takes (NULL: nothing), help. A verb's row names
// those it takes; what one is to a verb in particular stands in option_word_table.h.

// Those that every verb takes
OPTION_ROW(CONTEXT, "context", 0, "NAME", "use this context instead of the current one")
OPTION_ROW(DESIGN, "design", 0, "ADDRESS", "the design server, HOST:PORT")
OPTION_ROW(RUNTIME, "runtime", 0, "ADDRESS", "the runtime server, HOST:PORT")
OPTION_ROW(ENV, "env", 'e', "ENVIRONMENT", "the environment")
OPTION_ROW(TOKEN, "token", 0, "TOKEN", "the token to show (better: $PARLEY_TOKEN, which ps does not list)")
OPTION_ROW(TIMEOUT, "timeout", 0, "DURATION",
        "how long one call may take, such as 500ms, 10s or 2m; default 30s")
OPTION_ROW(OUTPUT, "output", 'o', "FORMAT",
        "table, wide (a table with all its columns, however narrow the terminal), json or yaml; csv where "
        "there are rows only: history, report")
OPTION_ROW(TRACE, "trace", 0, NULL,
        "have the servers trace the calls, and tell the trace's ID on standard error; $TRACEPARENT is passed "
        "on")
OPTION_ROW(VERBOSE, "verbose", 'v', NULL, "tell on standard error what is done")
OPTION_ROW(HELP, "help", 'h', NULL, "explain the verb, with examples")
// Those of single verbs
OPTION_ROW(FILE, "file", 'f', "PATH",
        "a file, a folder with .yaml files, or - for standard input; may be repeated")
OPTION_ROW(DRY_RUN, "dry-run", 0, NULL, "check only; change nothing")
OPTION_ROW(CHANNEL, "channel", 'c', "CHANNEL", "the interactive channel")
OPTION_ROW(FILTER, "filter", 0, "CONDITION",
        "only what meets it: of resources a CEL expression over their fields, of offers ATTRIBUTE=VALUE")
OPTION_ROW(ALL, "all", 0, NULL, "all of the channel")
OPTION_ROW(ALLOW_MISSING, "allow-missing", 0, NULL, "succeed if it is not there")
OPTION_ROW(TO, "to", 0, "ENVIRONMENT|VERSION", "the environment to deploy to; for rollback the version")
OPTION_ROW(ACKNOWLEDGE, "acknowledge", 0, "FINDING",
        "a warning of the analysis, or what a gate says is beyond its limit, that was read and is accepted, "
        "as CODE:kind/name; may be repeated")
OPTION_ROW(NO_WAIT, "no-wait", 0, NULL, "do not wait for the end of the roll-out")
OPTION_ROW(CONFIRM, "confirm", 0, "CHANNEL", "the channel's name once more")
OPTION_ROW(IN_USE, "in-use", 0, NULL, "although touchpoints have called it within the last hour")
OPTION_ROW(FROM, "from", 0, "ENVIRONMENT", "what this environment runs, instead of the working configuration")
OPTION_ROW(NEXT, "next", 0, NULL, "what the next deployment would bring: what is marked, if anything is")
OPTION_ROW(COMMENT, "comment", 'm', "TEXT", "why; shown in the history")
OPTION_ROW(WATCH, "watch", 'w', NULL, "show it anew every second until nothing rolls out any more")
OPTION_ROW(LIMIT, "limit", 'n', "N", "at most this many entries; default 20")
OPTION_ROW(SESSION, "session", 0, "ID", "only this session")
OPTION_ROW(AUDIENCE, "audience", 'a', "LEVEL:KEY=VALUE", "the visitor; several keys with commas between them")
OPTION_ROW(PLAN, "plan", 0, "PLAN",
        "only what the execution of this plan caused: its name in the workbench, its digest, or plan: and 16 "
        "digits")
OPTION_ROW(VISITOR, "visitor", 0, "ID", "only this visitor, as the history writes it")
OPTION_ROW(KIND, "kind", 'k', "KIND", "only this kind of entry; may be repeated")
OPTION_ROW(EVENT, "event", 0, "NAME", "only this event, interaction point or response")
OPTION_ROW(FOLLOW, "follow", 'F', NULL, "go on with what is written from now on, until interrupted")
OPTION_ROW(CHECK, "check", 0, NULL, "compare, and tell where they differ")
OPTION_ROW(CHECKPOINT, "checkpoint", 0, "FILE", "compare with this checkpoint instead of the newest")
OPTION_ROW(STATE, "state", 0, "STATE_DIR", "the server's state_dir, if the journal lies elsewhere")
OPTION_ROW(FROM_START, "from-start", 0, NULL, "begin with nothing, not with the checkpoint before the newest")
OPTION_ROW(FROM_HISTORY, "from-history", 0, NULL,
        "fold what PostgreSQL's history has instead of the journal: --database, --env and --server say whose")
OPTION_ROW(NOW, "now", 0, NULL, "have the running server write a checkpoint first")
OPTION_ROW(SET, "set", 's', "NAME[:TYPE]=VALUE",
        "an attribute; may be repeated; TYPE is bool, int, double, string, timestamp or list")
OPTION_ROW(MAX, "max", 0, "N", "at most this many offers a point; default 1")
OPTION_ROW(EXPLAIN, "explain", 0, NULL,
        "show every candidate, or every step to a segment, and why it was or was not taken")
OPTION_ROW(BRIEF, "brief", 0, NULL,
        "keep what is recommended without records and receipts: made sooner, much smaller, not to be "
        "executed")
OPTION_ROW(ACROSS, "across", 0, NULL, "do not show at one point what an earlier one shows")
OPTION_ROW(AS_OF, "as-of", 0, "TIME", "decide as of this moment, such as 2026-12-24T18:00:00Z")
OPTION_ROW(UNSET, "unset", 0, "NAME", "as if the visitor lacked this attribute; may be repeated")
OPTION_ROW(TREATMENT, "treatment", 't', "CODE", "the treatment that the event is about")
OPTION_ROW(EVENT_ID, "id", 0, "ID", "the event's ID: sent again it changes nothing; default: a fresh one")
OPTION_ROW(OFFER, "offer", 0, NULL, "the code is an offer's; --audience says who responds")
OPTION_ROW(CUSTOM, "custom", 0, NULL, "the code is a custom one, such as one printed on a letter")
OPTION_ROW(REASON, "reason", 0, "REASON", "the reason")
OPTION_ROW(TIME, "time", 0, "TIME", "when it was, such as 2026-12-24T18:00:00Z; default now")
OPTION_ROW(SEQUENCE, "sequence", 0, "N",
        "the call's number on the session: a lower or equal one than before is refused")
OPTION_ROW(STOP_ON_ERROR, "stop-on-error", 0, NULL, "do nothing more after a command that is refused")
OPTION_ROW(ROLE, "role", 0, "ROLE", "viewer, designer, qa, approver or administrator")
OPTION_ROW(PASSWORD_FILE, "password-file", 0, "FILE",
        "read the password from a file's first line, - for standard input")
OPTION_ROW(LIFETIME, "lifetime", 0, "DURATION", "how long the token lives, such as 12h or 30d; default 12h")
OPTION_ROW(CA, "ca", 0, "FILE", "PEM certificates of who signs the server's")
OPTION_ROW(SERVER_NAME, "server-name", 0, "NAME",
        "the name that the server's certificate bears, if not the address's host")
OPTION_ROW(CERTIFICATE, "certificate", 0, "FILE", "PEM certificate to show a runtime server")
OPTION_ROW(KEY, "key", 0, "FILE", "a private key; several sign if it is repeated")
OPTION_ROW(PASSPHRASE_FILE, "passphrase-file", 0, "FILE",
        "read the key's passphrase from a file's first line, - for standard input")
OPTION_ROW(NEW_PASSPHRASE_FILE, "new-passphrase-file", 0, "FILE", "the same for the passphrase that is to be")
OPTION_ROW(
        NO_PASSPHRASE, "no-passphrase", 0, NULL, "do not encrypt the key: for servers, which nobody can ask")
OPTION_ROW(HOLDER, "holder", 0, "NAME=FILE", "a person with a root key, and the public key; may be repeated")
OPTION_ROW(
        BUILDER, "builder", 0, "[NAME=]FILE", "the public key of a design server; its name is design-server")
OPTION_ROW(TIMESTAMP, "timestamp", 0, "[NAME=]FILE",
        "the public key that a design server signs timestamps with, as --builder")
OPTION_ROW(
        APPROVER, "approver", 0, "NAME=FILE", "a person who may approve, and the public key; may be repeated")
OPTION_ROW(THRESHOLD, "threshold", 0, "N", "how many root keys must sign the next root; default 1")
OPTION_ROW(APPROVALS, "approvals", 0, "N", "how many persons must approve a deployment; default 0")
OPTION_ROW(EXPIRES, "expires", 0, "DURATION", "how long it holds, such as 30d")
OPTION_ROW(AFTER, "after", 0, "FILE", "the root before this one")
OPTION_ROW(REMOVE, "remove", 0, "NAME|KEYID",
        "take out a person's keys, or one key by the first 8 or more digits of its ID; may be repeated")
OPTION_ROW(SERVER, "server", 0, "ID", "the runtime server's ID, as its configuration has it")
OPTION_ROW(EPOCH, "epoch", 0, "N", "the least epoch; default 1")
OPTION_ROW(VERSION, "version", 0, "N", "the version")
OPTION_ROW(YES, "yes", 'y', NULL, "do it without asking")
OPTION_ROW(TOKEN_FILE, "token-file", 0, "FILE", "a file with the touchpoint token to show a runtime server")
OPTION_ROW(DATABASE, "database", 0, "CONNINFO", "the PostgreSQL database, as libpq takes it")
OPTION_ROW(TABLE, "table", 0, "TABLE", "the profile table; default: the audience level's")
OPTION_ROW(LEVEL, "level", 0, "LEVEL", "the audience level")
OPTION_ROW(SCHEMA, "schema", 0, "FILE",
        "read the audience level from this YAML file instead of the design server")
OPTION_ROW(MAPPING, "mapping", 0, "FIELD=TITLE", "the file calls this field so; may be repeated")
OPTION_ROW(DELIMITER, "delimiter", 0, "C", "what separates the columns; default a comma")
OPTION_ROW(CREATE, "create", 0, NULL, "make the table if it is not there")
OPTION_ROW(POLICY, "policy", 0, "FILE", "the probabilities of the other policy: offer, probability, place")
OPTION_ROW(CLIP, "clip", 0, "N", "cut weights at N; default: as they are")
OPTION_ROW(REJECTS, "rejects", 0, "FILE", "where bad rows go; default FILE.rejects")
OPTION_ROW(NUMBER, "number", 0, "KEY",
        "give this key the row's number, counted from 1, if the file has no such column")
OPTION_ROW(NAME, "name", 0, "NAME", "the name of what is made")
OPTION_ROW(ATTRIBUTE, "attribute", 0, "NAME[=TITLE]",
        "a column that is an attribute which the touchpoint sets; may be repeated")
OPTION_ROW(POINTS, "points", 0, "POINT[:N],…", "what every row asks for that names no points itself")
OPTION_ROW(MEMORY, "memory", 0, "MIB", "how much memory sorting may take; default 64")
OPTION_ROW(SNAPSHOT, "snapshot", 0, "FILE|ENV:CHANNEL[@N]|working:CHANNEL",
        "a snapshot: a file with its bytes, what an environment runs or a version of it, or what is "
        "configured now")
OPTION_ROW(STATE_FILE, "state-file", 0, "NAME|FILE",
        "the visitor state to begin with: one that plan state made, or a runtime server's checkpoint")
OPTION_ROW(PROFILES, "profiles", 0, "FILE", "visitors' profiles, a JSON line each: level, id, attributes")
OPTION_ROW(THREADS, "threads", 0, "N", "how many; default one a processor")
OPTION_ROW(PLACE, "place", 0, "N", "the event at this place of the set, counted from 0")
OPTION_ROW(QUICK, "quick", 0, NULL,
        "tell reasons from the records alone, instead of deciding again what would be answered otherwise")
OPTION_ROW(HTML, "html", 0, "FILE", "write one HTML file, or - for standard output")
OPTION_ROW(RESTART, "restart", 0, NULL, "begin anew, although one was cut off")
OPTION_ROW(ROOT, "root", 0, "FILE", "a root that is trusted; may be repeated")
OPTION_ROW(BIND, "bind", 'b', "NAME=VALUE", "give a declared attribute a value; may be repeated")
OPTION_ROW(MIX, "mix", 0, "FILE", "what visitors do")
OPTION_ROW(SEED, "seed", 0, "N", "of all chance; default: another each time")
OPTION_ROW(DECISIONS, "decisions", 0, "N",
        "compare at least so many, if so many were recorded, and fewer than some four times as many; default "
        "10000")
OPTION_ROW(NO_EVIDENCE, "no-evidence", 0, NULL, "only print what was measured")
OPTION_ROW(RATE, "rate", 0, "N", "calls a second; default 200")
OPTION_ROW(SECONDS, "seconds", 0, "N", "for how long; default 10")
OPTION_ROW(CONNECTIONS, "connections", 0, "N", "connections, each with one call at a time; default 16")
OPTION_ROW(VISITORS, "visitors", 0, "N", "how many different visitors; default 10000")
OPTION_ROW(POINT, "point", 0, "POINT", "an interaction point; may be repeated; default all of the channel's")
OPTION_ROW(CONTACT, "contact", 0, "EVENT",
        "the event that reports a contact; default the first that does nothing but log one")
OPTION_ROW(OFFER_CODE, "offer-code", 0, "CODE", "the offer's code")
OPTION_ROW(CAMPAIGN, "campaign", 0, "CODE", "the campaign's code")
OPTION_ROW(CELL, "cell", 0, "CODE", "the code of one of the campaign's cells")
OPTION_ROW(HOW_MANY, "count", 0, "N", "how many; default 1")
OPTION_ROW(SINCE, "since", 0, "TIME",
        "from this moment on: 2026-06-01T08:00:00Z, a day in UTC, or how long ago, such as 7d")
OPTION_ROW(UNTIL, "until", 0, "TIME", "before this moment, as --since")
OPTION_ROW(ZONE, "zone", 0, "ZONE", "only this zone")
OPTION_ROW(SEGMENT, "segment", 0, "SEGMENT", "only this segment")
OPTION_ROW(BY, "by", 0, "DIM[,DIM]",
        "by what rows differ: environment, channel, zone, point, campaign, cell, segment, offer, version, "
        "day")
OPTION_ROW(NO_CHART, "no-chart", 0, NULL, "no bars and lines beside the numbers")
OPTION_ROW(NO_HEADER, "no-header", 0, NULL, "with -o csv: no line with the columns' names")
OPTION_ROW(LIVE, "live", 0, NULL, "ask the environment's own server, as a what-if that leaves no trace")
OPTION_ROW(COVERAGE, "coverage", 0, NULL,
        "tell which rules, segments, points, events and reasons no scenario reaches")
OPTION_ROW(MIN_COVERAGE, "min-coverage", 0, "PERCENT", "fail if less of the channel is covered")
OPTION_ROW(RECORD, "record", 0, NULL, "write a recorded session as a scenario: --session and --env")
OPTION_ROW(JUNIT, "junit", 0, "FILE", "also write the results as JUnit XML")
