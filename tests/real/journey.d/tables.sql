-- The data set, as far as it is used, and what the client saw.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS journey CASCADE;
CREATE SCHEMA journey;
CREATE TABLE journey.campaign (campaign text PRIMARY KEY, type text, starts date, ends date);
CREATE TABLE journey.target (campaign text, household bigint, PRIMARY KEY (campaign, household));
CREATE TABLE journey.coupon_product (upc text, product text, campaign text);
CREATE TABLE journey.redemption (household bigint, upc text, campaign text, day date);
CREATE TABLE journey.demographic (household bigint PRIMARY KEY);
-- A day of the data lasts `day`; the first day of all begins at `epoch`.
CREATE TABLE journey.run (epoch timestamptz, day interval);
CREATE TABLE journey.errand (
	line bigint PRIMARY KEY, at timestamptz, household bigint, kind text, campaign text, upc text, mailer bigint);
CREATE TABLE journey.offered (
	line bigint, kind text, household bigint, campaign text, rank bigint, offer_code text COLLATE "C", treatment_code text);
CREATE TABLE journey.acknowledged (event_id text PRIMARY KEY, kind text, household bigint, campaign text, offer_code text, across bigint);
