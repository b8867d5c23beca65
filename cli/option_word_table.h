// What an option is to one verb, or to all of a group, where option_table.h has to be too general: the verb's
// words or the group, option, help. The first row that fits holds.

OPTION_WORD("decision replay", ALL, "all of the history")
OPTION_WORD("export", ALL,
        "every offer, template, offer list and campaign too, not just those that the channel reaches")
OPTION_WORD("orphans discard", ALL, "all that have the --reason")
OPTION_WORD("orphans list", ALL, "every late response, however it stands")

OPTION_WORD("events import", AUDIENCE,
        "whose the events are, and which columns have the keys: LEVEL:KEY[=TITLE],…")
OPTION_WORD("load", AUDIENCE, "who visits, as LEVEL:KEY=VALUE; {n} is the visitor's number")

OPTION_WORD("decision", CHANNEL, "only this channel")
OPTION_WORD("history", CHANNEL, "only this channel")
OPTION_WORD("orphans", CHANNEL, "only this channel")
OPTION_WORD("outcomes", CHANNEL, "only this channel")
OPTION_WORD("report", CHANNEL, "only this channel")
OPTION_WORD("source-codes list", CHANNEL, "only this channel")
OPTION_WORD("visitor", CHANNEL, "with --database: the channel whose audience level the profile table is of")

OPTION_WORD("plan state", CHECKPOINT, "a runtime server's checkpoint to take the state from")
OPTION_WORD("orphans discard", COMMENT, "why; the audit and the list tell it")
OPTION_WORD("plan run", CONTACT,
        "the event to post for every offer that is recommended, as if all were shown; default none")

OPTION_WORD("plan run", DATABASE, "the environment's profile database, as libpq takes it")
OPTION_WORD("plan state", DATABASE,
        "the design server's database, as libpq takes it, with a login that may read the history")
OPTION_WORD("visitor", DATABASE, "the profile database, as libpq takes it")

OPTION_WORD("retention apply", DRY_RUN, "count what would go; change nothing")
OPTION_WORD("visitor erase", DRY_RUN, "show what would go; change nothing")

OPTION_WORD("respond", EVENT_ID, "the response's ID: sent again it changes nothing; default: a fresh one")
OPTION_WORD("decision replay", EXPLAIN, "tell of each candidate why it was or was not offered")
OPTION_WORD("offers", EXPLAIN, "tell of each candidate why it was or was not offered")
OPTION_WORD("plan run", EXPLAIN, "count the reasons of candidates as well")
OPTION_WORD("session", EXPLAIN, "tell of each segment how the visitor came into it or not")
OPTION_WORD(
        "plan state", FROM_HISTORY, "fold it from PostgreSQL's history: --database and --env say of which")

OPTION_WORD("orphans list", KIND, "those that are waiting, matched or discarded, instead of orphans")
OPTION_WORD("outcomes list", KIND, "only with this present outcome, or one within it")

OPTION_WORD("behaviour", LIMIT, "tell at most this many moves and decisions; default 20")
OPTION_WORD("decision replay", LIMIT, "list at most this many of those that differ; default 20")
OPTION_WORD("events show", LIMIT, "show this many events; default 10")
OPTION_WORD("load mix", LIMIT, "read at most this many entries; default 20000")
OPTION_WORD("pending", LIMIT, "show at most this many changes; default 200")
OPTION_WORD("plan", LIMIT, "tell at most this many examples; default 10")
OPTION_WORD("report", LIMIT, "at most this many rows, the largest first; default 1000")

OPTION_WORD("events", NAME, "what the set is called in the workbench")
OPTION_WORD("plan run", NAME, "what the plan is called in the workbench")
OPTION_WORD("plan execute", NO_WAIT, "do not wait for the end of the execution")
OPTION_WORD("visitor erase", NO_WAIT, "do not wait until every place has confirmed")

OPTION_WORD("history", OFFER_CODE, "only this offer, by its code")
OPTION_WORD("report", OFFER_CODE, "only this offer, by its code")
OPTION_WORD("report", CAMPAIGN, "only this campaign, by its code")
OPTION_WORD("report", VERSION, "only what this version of the deployment answered")

OPTION_WORD("orphans discard", REASON, "the reason that they have, such as no_such_code")
OPTION_WORD("orphans list", REASON, "only with this reason, such as no_such_treatment")
OPTION_WORD("visitor erase", REASON, "why, in your words, for the audit; not who")

OPTION_WORD("plan run", SEED, "what treatment codes and ties follow from; default: the event set's digest")
OPTION_WORD("behaviour", SINCE,
        "from this moment on: 2026-06-01T08:00:00Z, a day in UTC, or how long ago; default 24h")
OPTION_WORD("plan state", STATE, "a runtime server's state_dir; the newest checkpoint there is taken")
OPTION_WORD("plan state", UNTIL,
        "as of this moment: 2026-06-01T08:00:00Z, a day in UTC, or how long ago; default now")
OPTION_WORD("test", SESSION, "with --record: the session")

OPTION_WORD("history", TREATMENT, "only this treatment")
OPTION_WORD("orphans match", TREATMENT, "the treatment that it answers to")
