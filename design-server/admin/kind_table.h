// One row one kind: message, field in requests, unique field, references (REFERENCE(field, kind, required)
// …). Kinds with a channel have a reference to it without saying so.
KIND(Channel, channel, NULL, )
KIND(AudienceLevel, audience_level, NULL, )
KIND(Zone, zone, NULL, )
KIND(InteractionPoint, interaction_point, NULL, REFERENCE(zone, Zone, true))
KIND(Event, event, NULL, )
KIND(Segment, segment, NULL, REFERENCE(audience_level, AudienceLevel, true))
KIND(OfferTemplate, offer_template, NULL, )
KIND(Offer, offer, "code", REFERENCE(template, OfferTemplate, true))
KIND(TreatmentRule, treatment_rule, NULL,
        REFERENCE(audience_level, AudienceLevel, false) REFERENCE(segment, Segment, false)
                REFERENCE(zone, Zone, false) REFERENCE(offer, Offer, true))
