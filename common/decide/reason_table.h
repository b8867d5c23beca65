// One row one reason: id (stable; what clients and history see), text for people. The order is the order of
// filters in which the first that strikes names the reason.
REASON_ROW(SEGMENT_NOT_MATCHED, "the visitor is not in the rule's segment")
REASON_ROW(OFFER_NOT_PUBLISHED, "the offer is not published")
REASON_ROW(OFFER_OUTSIDE_DATES, "the offer is not yet or no longer valid")
REASON_ROW(RULE_DISABLED, "the treatment rule is switched off")
REASON_ROW(RULE_OUTSIDE_DATES, "the treatment rule is not yet or no longer in force")
REASON_ROW(NOT_ELIGIBLE, "the rule's eligibility expression is false")
REASON_ROW(ELIGIBILITY_FAILED, "the rule's eligibility expression ended in an error")
REASON_ROW(SCORE_FAILED, "the rule's score expression ended in an error or is not a number")
REASON_ROW(DUPLICATE_OFFER, "another rule offers the same with a higher score")
REASON_ROW(OUTRANKED, "other offers scored higher")
