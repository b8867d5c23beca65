-- An event's action has become a message: what was the name of an action is the kind of one. Configuration keeps its etag,
-- for it still says the same.
UPDATE resource SET spec = jsonb_set(spec, '{actions}', (
	SELECT jsonb_agg(jsonb_build_object('kind', replace(action, 'EVENT_ACTION_', 'EVENT_ACTION_KIND_')) ORDER BY place)
	FROM jsonb_array_elements_text(spec -> 'actions') WITH ORDINALITY AS old (action, place)))
WHERE kind = 'Event' AND jsonb_array_length(spec -> 'actions') > 0;
