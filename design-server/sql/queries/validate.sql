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

-- name: used_elsewhere
-- What other channels' resources name of the kinds without a channel.
SELECT DISTINCT to_kind, to_name FROM resource_reference
WHERE channel <> '' AND channel <> $1 AND to_channel = ''
