-- name: touchpoint_running
-- Whether it is known what runs of channel $1; $2 empty: in any environment.
SELECT EXISTS (SELECT FROM environment_build WHERE channel = $1 AND ($2 = '' OR environment = $2))

-- name: touchpoint_names
-- The points and events of what runs. $2 as above.
WITH running AS (
	SELECT DISTINCT unnest(b.items) AS id FROM environment_build e JOIN build b ON b.id = e.build
	WHERE e.channel = $1 AND ($2 = '' OR e.environment = $2)
)
SELECT DISTINCT v.kind, v.name FROM running JOIN resource_version v USING (id)
WHERE v.kind IN ('Event', 'InteractionPoint') AND v.channel = $1 ORDER BY v.kind, v.name

-- name: touchpoint_history
-- The points and events that touchpoints called since $3 (not events that others triggered). $2 as above.
SELECT 'Event' AS kind, event AS name FROM contact_history
WHERE channel = $1 AND time >= $3 AND ($2 = '' OR environment = $2) AND cause_event_id = ''
UNION
SELECT 'Event', event FROM response_history
WHERE channel = $1 AND time >= $3 AND ($2 = '' OR environment = $2) AND cause_event_id = ''
UNION
SELECT 'Event', event FROM event_history
WHERE channel = $1 AND time >= $3 AND ($2 = '' OR environment = $2) AND cause_event_id = ''
UNION
SELECT 'InteractionPoint', interaction_point FROM recommendation
WHERE channel = $1 AND time >= $3 AND ($2 = '' OR environment = $2)
ORDER BY 1, 2

-- name: touchpoint_point_last
-- When touchpoints last asked about the point $4 since $3. The newest rows are looked at first.
SELECT time FROM recommendation
WHERE channel = $1 AND ($2 = '' OR environment = $2) AND time >= $3 AND interaction_point = $4
ORDER BY time DESC LIMIT 1

-- name: touchpoint_event_last
-- The same of an event that they post.
SELECT time FROM (
	(SELECT time FROM contact_history
	WHERE channel = $1 AND ($2 = '' OR environment = $2) AND time >= $3 AND event = $4 AND cause_event_id = ''
	ORDER BY time DESC LIMIT 1)
	UNION ALL
	(SELECT time FROM response_history
	WHERE channel = $1 AND ($2 = '' OR environment = $2) AND time >= $3 AND event = $4 AND cause_event_id = ''
	ORDER BY time DESC LIMIT 1)
	UNION ALL
	(SELECT time FROM event_history
	WHERE channel = $1 AND ($2 = '' OR environment = $2) AND time >= $3 AND event = $4 AND cause_event_id = ''
	ORDER BY time DESC LIMIT 1)
) AS posted
ORDER BY time DESC LIMIT 1

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
