-- Campaigns as configuration, a document a row. Their dates are the data's, in the run's time.
WITH offers(document) AS (
	SELECT format(E'kind: Offer\nname: coupon-%1$s\ncode: "%1$s"\ntemplate: coupon\nattributes: [{name: upc, value: "%1$s"}]\nstate: PUBLISHED\n', upc)
	FROM journey.coupon ORDER BY upc
), dated AS (
	SELECT campaign,
		epoch + (starts - (SELECT min(starts) FROM journey.campaign)) * day AS effective,
		epoch + (ends + 1 - (SELECT min(starts) FROM journey.campaign)) * day AS expires
	FROM journey.campaign, journey.run
), campaigns AS (
	SELECT format(E'kind: Campaign\nname: campaign-%1$s\ncode: "%1$s"\neffective_time: %2$s\nexpire_time: %3$s\n---\n', campaign,
			to_char(effective AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), to_char(expires AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
		|| format(E'kind: OfferList\nname: coupons-%s\noffers: [%s]\n---\n', campaign,
			(SELECT string_agg('coupon-' || upc, ', ' ORDER BY upc) FROM journey.campaign_coupon c WHERE c.campaign = dated.campaign))
		|| format(E'kind: AudienceList\nchannel: grocer\nname: households-%s\naudience_level: household\nids: [%s]\n---\n', campaign,
			(SELECT string_agg('"' || household || '"', ', ' ORDER BY household) FROM journey.target t WHERE t.campaign = dated.campaign))
		|| format(E'kind: Segment\nchannel: grocer\nname: sent-%1$s\naudience_level: household\nlists: [households-%1$s]\n---\n', campaign)
		|| format(E'kind: Zone\nchannel: grocer\nname: zone-%1$s\ntie_break: OFFER_CODE\n---\n', campaign)
		|| format(E'kind: InteractionPoint\nchannel: grocer\nname: mailer-%1$s\nzone: zone-%1$s\ndefault_content: No coupons\n---\n', campaign)
		|| format(E'kind: TreatmentRule\nchannel: grocer\nname: rule-%1$s\nsegment: sent-%1$s\nzone: zone-%1$s\noffer_list: coupons-%1$s\ncampaign: campaign-%1$s\n',
			campaign) AS document
	FROM dated ORDER BY campaign
)
SELECT string_agg(document, E'---\n') FROM (SELECT document FROM offers WHERE :offers UNION ALL SELECT document FROM campaigns WHERE NOT :offers) d;
