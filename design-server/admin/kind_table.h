// One row one kind: message, field in requests, unique field, whether what refers to it is checked against
// its content, references (REFERENCE(path, kind, required) …). A path leads through messages and lists:
// actions.offers is each offer of each action. Kinds with a channel have a reference to it without saying so.
KIND(Channel, channel, NULL, false, )
KIND(AudienceLevel, audience_level, NULL, true, )
KIND(Zone, zone, NULL, false,
        REFERENCE(inclusion.audience_level, AudienceLevel, false) REFERENCE(default_offers, Offer, false)
                REFERENCE(default_offer_lists, OfferList, false))
KIND(InteractionPoint, interaction_point, NULL, false, REFERENCE(zone, Zone, true))
KIND(OutcomeType, outcome_type, NULL, false,
        REFERENCE(parent, OutcomeType, false) REFERENCE(next, OutcomeType, false))
KIND(Event, event, NULL, false,
        REFERENCE(actions.audience_level, AudienceLevel, false) REFERENCE(actions.offers, Offer, false)
                REFERENCE(actions.offer_lists, OfferList, false) REFERENCE(actions.event, Event, false)
                        REFERENCE(actions.outcome, OutcomeType, false))
KIND(AudienceList, audience_list, NULL, true, REFERENCE(audience_level, AudienceLevel, true))
KIND(Segment, segment, NULL, true,
        REFERENCE(audience_level, AudienceLevel, true) REFERENCE(lists, AudienceList, false))
KIND(SegmentationFlow, segmentation_flow, NULL, false,
        REFERENCE(audience_level, AudienceLevel, true) REFERENCE(steps.segment, Segment, false))
KIND(OfferTemplate, offer_template, NULL, true, )
KIND(Offer, offer, "code", false, REFERENCE(template, OfferTemplate, true))
KIND(OfferList, offer_list, NULL, false, REFERENCE(offers, Offer, false))
KIND(Campaign, campaign, "code", true, )
KIND(TreatmentRule, treatment_rule, NULL, false,
        REFERENCE(audience_level, AudienceLevel, false) REFERENCE(segment, Segment, false)
                REFERENCE(zone, Zone, false) REFERENCE(offer, Offer, false)
                        REFERENCE(offer_list, OfferList, false) REFERENCE(campaign, Campaign, false))
KIND(GlobalOffer, global_offer, NULL, false,
        REFERENCE(audience_level, AudienceLevel, false) REFERENCE(zone, Zone, false) REFERENCE(offer, Offer,
                false) REFERENCE(offer_list, OfferList, false) REFERENCE(campaign, Campaign, false))
KIND(ScoreOverride, score_override, NULL, false,
        REFERENCE(audience_level, AudienceLevel, true) REFERENCE(entries.offer, Offer, false)
                REFERENCE(entries.offer_list, OfferList, false))
KIND(Blacklist, blacklist, NULL, false,
        REFERENCE(audience_level, AudienceLevel, true) REFERENCE(entries.offer, Offer, false)
                REFERENCE(entries.offer_list, OfferList, false))
KIND(SuppressionRule, suppression_rule, NULL, false,
        REFERENCE(offers, Offer, false) REFERENCE(offer_lists, OfferList, false))
KIND(Constraint, constraint, NULL, false,
        REFERENCE(offers, Offer, false) REFERENCE(offer_lists, OfferList, false))
