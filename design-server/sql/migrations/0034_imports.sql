-- Who imports a file is told what became of it, and not of what others import in the same moment: so each import has a number.
-- What runtime servers ship has none and is not in the index: taking it in costs eight bytes a row and no more. An imported row
-- costs an entry at the end of the index, and counting an import reads its own rows.
CREATE SEQUENCE late_response_import_number;
GRANT USAGE ON SEQUENCE late_response_import_number TO parley_ingest;
COMMENT ON SEQUENCE late_response_import_number IS 'Numbers of imports';
ALTER TABLE late_response ADD COLUMN import_number bigint NOT NULL DEFAULT 0;
CREATE INDEX late_response_import ON late_response (import_number) WHERE import_number <> 0;
COMMENT ON COLUMN late_response.import_number IS 'Of the import that it came with; 0 if it was not imported, or before imports had numbers';
