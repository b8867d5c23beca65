-- Source codes are issued here: numbered, for the number is part of the code.
CREATE SEQUENCE source_code_serial MINVALUE 0 MAXVALUE 33554431 START 0 NO CYCLE;
COMMENT ON SEQUENCE source_code_serial IS 'Numbers in issued codes: 25 bits';
ALTER TABLE source_code
	ADD COLUMN issued timestamptz,
	ADD COLUMN issued_by text COLLATE "C" NOT NULL DEFAULT '';
COMMENT ON COLUMN source_code.issued IS 'When the design server issued it; null if it is a code of the touchpoint''s own making';
COMMENT ON COLUMN source_code.issued_by IS 'The user who had it issued; empty likewise';
GRANT USAGE ON SEQUENCE source_code_serial TO parley_design;
