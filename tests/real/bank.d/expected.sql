-- What channel.yaml should mean for each customer, in SQL and by hand: nothing here has seen the engine. A condition over a
-- missing value is NULL, and CASE takes its ELSE: it never grants anything, which is what the engine must do too.
CREATE VIEW bank_check.membership AS
SELECT c.*,
	CASE WHEN job = 'student' THEN true ELSE false END AS students,
	CASE WHEN job = 'retired' THEN true WHEN age >= 65 THEN true ELSE false END AS retired,
	CASE job
		WHEN 'admin.' THEN true WHEN 'management' THEN true WHEN 'technician' THEN true
		WHEN 'entrepreneur' THEN true WHEN 'self-employed' THEN true ELSE false END AS white_collar,
	CASE WHEN marital = 'married' AND age BETWEEN 30 AND 49 THEN true ELSE false END AS families,
	CASE WHEN pdays <= 7 THEN true WHEN poutcome = 'success' THEN true ELSE false END AS loyal,
	CASE WHEN housing THEN true ELSE false END AS homeowners,
	CASE WHEN housing = false AND loan = false THEN true ELSE false END AS unburdened,
	CASE WHEN euribor3m < 1.5 THEN true ELSE false END AS low_rates,
	CASE WHEN pdays IS NULL AND previous = 0 THEN true ELSE false END AS never_contacted,
	CASE WHEN education LIKE 'university%' THEN true WHEN education = 'professional.course' THEN true ELSE false END AS academics,
	CASE WHEN campaign > 3 THEN true ELSE false END AS persistent,
	CASE WHEN credit_default IS NULL THEN true WHEN credit_default THEN true ELSE false END AS uncertain
FROM bank_customer c;

-- In the order of their names.
CREATE VIEW bank_check.segments AS
SELECT customer_id, array_remove(ARRAY[
	CASE WHEN academics THEN 'academics' END,
	CASE WHEN families THEN 'families' END,
	CASE WHEN homeowners THEN 'homeowners' END,
	CASE WHEN low_rates THEN 'low-rates' END,
	CASE WHEN loyal THEN 'loyal' END,
	CASE WHEN never_contacted THEN 'never-contacted' END,
	CASE WHEN persistent THEN 'persistent' END,
	CASE WHEN retired THEN 'retired' END,
	CASE WHEN students THEN 'students' END,
	CASE WHEN unburdened THEN 'unburdened' END,
	CASE WHEN uncertain THEN 'uncertain' END,
	CASE WHEN white_collar THEN 'white-collar' END], NULL) AS segments
FROM bank_check.membership;

-- Each rule's score for each customer; no row where the rule does not apply. Rules that are switched off, over or not yet
-- in force are simply not here.
CREATE VIEW bank_check.candidates AS
SELECT m.customer_id, r.point, r.first, r.offer_code, r.score
FROM bank_check.membership m CROSS JOIN LATERAL (VALUES
	('home-banner', false, 'STUDENT-ACCOUNT', CASE WHEN students THEN 88 END::float8),
	('home-banner', false, 'RETIREMENT-PLAN', CASE WHEN retired AND age < 90 THEN 83 END),
	('home-banner', false, 'TERM-DEPOSIT', CASE WHEN loyal THEN 70.125::float8 + previous::float8 * 3.0::float8 END),
	('home-banner', false, 'TERM-DEPOSIT', CASE WHEN low_rates AND emp_var_rate < 0 THEN 57 END),
	('home-banner', false, 'GOLD-CARD', CASE WHEN white_collar AND credit_default = false AND campaign <= 3 THEN 66 END),
	('home-banner', false, 'HOME-LOAN', CASE WHEN families AND housing THEN 20 WHEN families AND NOT housing THEN 78 END),
	('home-banner', false, 'SAVINGS-PLAN', CASE WHEN unburdened THEN 45 END),
	('home-banner', false, 'GOLD-CARD', CASE WHEN academics THEN age::float8 * 0.5::float8 + 40.25::float8 END),
	('home-banner', false, 'SAVINGS-PLAN', CASE WHEN never_contacted AND contact = 'cellular' THEN 50 END),
	('home-banner', false, 'TERM-DEPOSIT', 10),
	('adviser-desk', false, 'STUDENT-ACCOUNT', CASE WHEN students THEN 61 END),
	('adviser-desk', false, 'RETIREMENT-PLAN', CASE WHEN retired AND age < 90 THEN 83 END),
	('adviser-desk', true, 'TERM-DEPOSIT', CASE WHEN loyal THEN 30 END),
	('adviser-desk', false, 'TERM-DEPOSIT', CASE WHEN low_rates AND emp_var_rate < 0 THEN 57 END),
	('adviser-desk', false, 'GOLD-CARD', CASE WHEN white_collar AND credit_default IS NOT NULL THEN 52 END),
	('adviser-desk', false, 'HOME-LOAN', CASE WHEN families AND housing THEN 20 WHEN families AND NOT housing THEN 78 END),
	('adviser-desk', false, 'HOME-LOAN', CASE WHEN homeowners AND euribor3m < 2.0 AND loan = false THEN 64 END),
	('adviser-desk', false, 'SAVINGS-PLAN', CASE WHEN unburdened THEN 45 END),
	('adviser-desk', false, 'SAVINGS-PLAN', CASE WHEN persistent AND campaign < 10 THEN 47 END),
	('adviser-desk', false, 'SAVINGS-PLAN', CASE WHEN uncertain THEN 42 END),
	('adviser-desk', false, 'SAVINGS-PLAN', CASE day_of_week WHEN 'mon' THEN 11 WHEN 'tue' THEN 11 WHEN 'wed' THEN 11 END)
) AS r (point, first, offer_code, score)
WHERE r.score IS NOT NULL;

CREATE VIEW bank_check.winners AS
SELECT DISTINCT ON (customer_id, point) customer_id, point, offer_code, score
FROM bank_check.candidates
ORDER BY customer_id, point, first DESC, score DESC;

-- Two offers that share the best place would leave the winner to chance: there must be none.
CREATE VIEW bank_check.ties AS
SELECT customer_id, point FROM (
	SELECT customer_id, point, offer_code, rank() OVER (PARTITION BY customer_id, point ORDER BY first DESC, score DESC) AS place
	FROM bank_check.candidates) ranked
WHERE place = 1
GROUP BY customer_id, point HAVING count(DISTINCT offer_code) > 1;

-- One row a customer of this run: whether what the runtime server answered is what should be.
CREATE VIEW bank_check.verdict AS
SELECT customer_id,
	coalesce(s.segments = seen.segments, false) AS segments_agree,
	coalesce(o.agree, false) AS offers_agree
FROM generate_series(1, (SELECT customers FROM bank_check.run)) AS customer_id
LEFT JOIN bank_check.segments s USING (customer_id)
LEFT JOIN (
	SELECT customer_id, array(SELECT unnest(string_to_array(segments, ' ')) COLLATE "C" ORDER BY 1) AS segments
	FROM bank_check.session_seen) seen USING (customer_id)
LEFT JOIN (
	SELECT seen.customer_id,
		count(*) = 2 AND bool_and(seen.offer_code IS NOT DISTINCT FROM w.offer_code
			AND seen.score IS NOT DISTINCT FROM w.score) AS agree
	FROM bank_check.offer_seen seen LEFT JOIN bank_check.winners w USING (customer_id, point)
	GROUP BY seen.customer_id) o USING (customer_id);
