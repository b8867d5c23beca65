// One row one kind of resource, in the order of dependency: kind, plural, field in requests, field in lists,
// short name, whether it belongs to a channel, the columns of its table (TITLE:field …).
KIND_ROW(Channel, Channels, channel, channels, "ch", false,
        "NAME:name DISPLAY:display_name TIMEOUT:session_timeout_s UPDATED:update_time")
KIND_ROW(OfferTemplate, OfferTemplates, offer_template, offer_templates, "ot", false,
        "NAME:name DISPLAY:display_name ATTRIBUTES:attributes UPDATED:update_time")
KIND_ROW(AudienceLevel, AudienceLevels, audience_level, audience_levels, "al", true,
        "CHANNEL:channel NAME:name KEYS:keys ATTRIBUTES:attributes TABLE:profile_table UPDATED:update_time")
KIND_ROW(Zone, Zones, zone, zones, "z", true,
        "CHANNEL:channel NAME:name DISPLAY:display_name TIE-BREAK:tie_break UPDATED:update_time")
KIND_ROW(InteractionPoint, InteractionPoints, interaction_point, interaction_points, "ip", true,
        "CHANNEL:channel NAME:name ZONE:zone DEFAULT:default_content UPDATED:update_time")
KIND_ROW(Event, Events, event, events, "ev", true,
        "CHANNEL:channel NAME:name CATEGORY:category ACTIONS:actions UPDATED:update_time")
KIND_ROW(Segment, Segments, segment, segments, "seg", true,
        "CHANNEL:channel NAME:name LEVEL:audience_level EXPRESSION:expression UPDATED:update_time")
KIND_ROW(Offer, Offers, offer, offers, "of", false,
        "NAME:name CODE:code TEMPLATE:template STATE:state EXPIRES:expire_time UPDATED:update_time")
KIND_ROW(TreatmentRule, TreatmentRules, treatment_rule, treatment_rules, "rule", true,
        "CHANNEL:channel NAME:name SEGMENT:segment ZONE:zone OFFER:offer SCORE:score "
        "EXPRESSION:score_expression DISABLED:disabled")
