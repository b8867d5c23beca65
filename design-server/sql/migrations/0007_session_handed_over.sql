-- A session may go on under another visitor: it is then a row that ends it for the one and a row that starts it for the other.
COMMENT ON TABLE session_history IS 'Sessions: a row when a visitor''s session, or part of one, starts and a row when it ends';
COMMENT ON COLUMN session_history.cause IS 'At the end: ended, expired, replaced, or audience if the session went on under another visitor; else empty';
