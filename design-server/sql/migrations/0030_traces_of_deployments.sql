-- Servers are told of a deployment after the call that asked for it has been answered, maybe by another design server: so the
-- deployment keeps which trace it is of.
ALTER TABLE deployment ADD COLUMN trace bytea CHECK (length(trace) = 24);
COMMENT ON COLUMN deployment.trace IS 'The trace that the call that asked for it was part of: 16 bytes of its ID and 8 of the call''s span; null if it was not traced';
