-- What the client saw, beside the profile table.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS bank_check CASCADE;
CREATE SCHEMA bank_check;
CREATE TABLE bank_check.run (customers bigint NOT NULL);
CREATE TABLE bank_check.session_seen (customer_id bigint PRIMARY KEY, segments text NOT NULL);
CREATE TABLE bank_check.offer_seen (customer_id bigint, point text, offer_code text, score float8, PRIMARY KEY (customer_id, point));
