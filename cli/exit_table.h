// One row one exit code, for scripts: code, name, what it means. Stable for ever.
EXIT_ROW(0, OK, "done; for diff: no difference; for pending: nothing is")
EXIT_ROW(1, DIFFERENT,
        "diff found a difference; pending found something; rollout status found a server that does not run "
        "what it should; profile "
        "import rejected rows; estimate cannot tell; plan compare found a difference; audit verify found "
        "that the audit was changed; "
        "journal verify found damage; journal replay found other state; decision replay found other "
        "decisions; "
        "validate found errors; test: a scenario failed, or too little is covered")
EXIT_ROW(2, USAGE, "the command line or a file it names is not right")
EXIT_ROW(3, NOT_FOUND, "what was asked for does not exist")
EXIT_ROW(4, CONFLICT, "it exists already, or was changed meanwhile (stale etag)")
EXIT_ROW(5, DENIED, "not signed in, or not allowed")
EXIT_ROW(6, UNAVAILABLE, "a server could not be reached or was too slow: try again")
EXIT_ROW(7, REFUSED,
        "a server or a check refused what was sent, and it has to be changed; or the person who was asked "
        "said no")
EXIT_ROW(8, INTERNAL, "something failed that should not")
EXIT_ROW(9, WARNINGS, "validate found nothing but warnings, and some are not acknowledged")
