-- name: touchpoint_points
-- Points that touchpoints asked about since $3, with the last time. $2 empty: in any environment.
SELECT interaction_point, max(time) FROM recommendation
WHERE channel = $1 AND time >= $3 AND ($2 = '' OR environment = $2) AND interaction_point <> ''
GROUP BY interaction_point ORDER BY interaction_point

-- name: touchpoint_events
-- Events that touchpoints posted since $3 (not those that events triggered), with the last time. $2 as above.
SELECT event, max(time) FROM (
	SELECT event, time FROM contact_history
	WHERE channel = $1 AND time >= $3 AND ($2 = '' OR environment = $2) AND cause_event_id = ''
	UNION ALL
	SELECT event, time FROM response_history
	WHERE channel = $1 AND time >= $3 AND ($2 = '' OR environment = $2) AND cause_event_id = ''
	UNION ALL
	SELECT event, time FROM event_history
	WHERE channel = $1 AND time >= $3 AND ($2 = '' OR environment = $2) AND cause_event_id = ''
) AS posted
GROUP BY event ORDER BY event

-- name: offers_unreached
-- Published offers that nothing in any channel names so that it could show them, with their codes. If a list drawn by an
-- expression is used that the caller has not drawn (channel $1, lists $2), any offer may be on it, and there are none.
WITH showing AS (
	SELECT DISTINCT channel, to_kind, to_name FROM resource_reference
	WHERE channel <> '' AND to_kind IN ('Offer', 'OfferList')
		AND kind NOT IN ('SuppressionRule', 'Constraint', 'Blacklist')
)
SELECT o.name, o.spec ->> 'code' FROM resource o
WHERE o.kind = 'Offer' AND o.spec ->> 'state' = 'OFFER_STATE_PUBLISHED'
	AND NOT EXISTS (SELECT FROM showing s WHERE s.to_kind = 'Offer' AND s.to_name = o.name)
	AND NOT EXISTS (SELECT FROM resource_reference r JOIN showing s ON s.to_kind = 'OfferList' AND s.to_name = r.name
		WHERE r.kind = 'OfferList' AND r.to_kind = 'Offer' AND r.to_name = o.name)
	AND NOT EXISTS (SELECT FROM resource l JOIN showing s ON s.to_kind = 'OfferList' AND s.to_name = l.name
		WHERE l.kind = 'OfferList' AND coalesce(l.spec ->> 'expression', '') <> ''
			AND (s.channel <> $1 OR l.name <> ALL ($2::text[])))
ORDER BY o.name

-- name: campaigns_elsewhere
-- Campaigns that other channels than $1 have rules of.
SELECT DISTINCT to_name FROM resource_reference
WHERE channel <> '' AND channel <> $1 AND to_kind = 'Campaign' ORDER BY to_name
