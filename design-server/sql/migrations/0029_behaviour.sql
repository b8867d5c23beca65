-- Evidence of a third kind: how many winners change. What is beyond a gate's limit may be acknowledged like a warning.
COMMENT ON COLUMN evidence.kind IS 'scenarios, load or behaviour';
COMMENT ON COLUMN deployment.acknowledged IS 'Warnings of the analysis, and what is beyond a gate''s limit, that its author accepted, as CODE:kind/name';
