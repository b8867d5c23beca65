-- Events log outcomes too: ingest puts them into the same queue, with all that is known of the treatment.
ALTER TABLE late_response DROP CONSTRAINT late_response_source_check;
ALTER TABLE late_response ADD CONSTRAINT late_response_source_check CHECK (source IN ('runtime', 'event', 'import'));
COMMENT ON TABLE late_response IS 'Responses that came without a session, and outcomes that events logged, and whether they could be matched; finished ones are deleted after a time';
COMMENT ON COLUMN late_response.source IS 'runtime: a runtime server took it; event: an event of a session logged it; import: it came with a file or by the API';
