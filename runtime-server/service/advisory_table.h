// One row one advisory: code (what callers see: stable for ever), text. README.md explains each.
ADVISORY_ROW(PROFILE_UNAVAILABLE,
        "the profile database did not answer: the session goes on with default attributes")
ADVISORY_ROW(PROFILE_NOT_FOUND, "the visitor has no profile: the session goes on with default attributes")
ADVISORY_ROW(PROFILE_AMBIGUOUS, "the visitor has several profiles: none was taken, default attributes hold")
ADVISORY_ROW(
        PROFILE_VALUE_REFUSED, "columns of the profile have another type than declared, or are too large")
ADVISORY_ROW(POINT_UNKNOWN, "the channel has no interaction point of this name")
ADVISORY_ROW(
        SNAPSHOT_CHANGED, "another snapshot serves since the session's last call; it goes on under that one")
ADVISORY_ROW(ATTRIBUTE_DROPPED,
        "attributes of the session that the new snapshot or audience level does not have were dropped")
ADVISORY_ROW(
        DEADLINE_TOO_SHORT, "there was no time left to decide: this is the default content; allow more time")
ADVISORY_ROW(WHAT_IF, "this is what would be: nothing of it was recorded, and no treatment can be quoted")
ADVISORY_ROW(ACTION_FAILED, "actions could not be done; the others were")
ADVISORY_ROW(ACTION_LIMIT, "actions were left out, because there were too many")
ADVISORY_ROW(
        ACTION_DROPPED, "actions that waited for their time are not in the new snapshot and were dropped")
ADVISORY_ROW(SEQUENCE_GAP, "sequence numbers before this call's were left out")
ADVISORY_ROW(RESPONSE_LATE,
        "this server does not know the treatment: the response is kept, and the design server looks for it")
ADVISORY_ROW(EVENTS_PAUSED,
        "the journal is filling up: events are refused until the design server has taken some of its records")
ADVISORY_ROW(HISTORY_PAUSED, "the journal is full: this was not recorded in the history")
