-- Who imports a file is told what became of it, and not of what others import in the same moment: so each import has a number.
CREATE SEQUENCE late_response_import_number;
GRANT USAGE ON SEQUENCE late_response_import_number TO parley_ingest;
COMMENT ON SEQUENCE late_response_import_number IS 'Numbers of imports';
ALTER TABLE late_response ADD COLUMN import bigint NOT NULL DEFAULT 0;
CREATE INDEX late_response_import ON late_response (import) WHERE import <> 0;
COMMENT ON COLUMN late_response.import IS 'The number of the import that it came with; 0 if it was not imported, or before imports had numbers';
