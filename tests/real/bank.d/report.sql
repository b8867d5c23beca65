-- The funnel by zone and offer, counted from the acknowledged events' history alone: who was shown what, and what came of it.
SELECT w.zone, w.offer_code, count(*), count(c.treatment_code), count(a.treatment_code), count(r.treatment_code)
FROM (
	SELECT zone, offer_code, treatment_code FROM recommendation WHERE channel = 'bank' AND rank > 0
	UNION
	SELECT zone, offer_code, treatment_code FROM contact_history WHERE channel = 'bank') w
LEFT JOIN (SELECT DISTINCT treatment_code FROM contact_history) c USING (treatment_code)
LEFT JOIN (SELECT DISTINCT treatment_code FROM response_history WHERE response = 'accept') a
	ON a.treatment_code = c.treatment_code
LEFT JOIN (SELECT DISTINCT treatment_code FROM response_history WHERE response = 'reject') r
	ON r.treatment_code = c.treatment_code
GROUP BY 1, 2;
