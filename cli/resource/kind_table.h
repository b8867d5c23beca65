// One row one kind of resource, in the order of dependency: kind, plural, field in requests, field in lists,
// short name, whether it belongs to a channel, the columns of its table (TITLE:field …).
KIND_ROW(Channel, Channels, channel, channels, "ch", false,
        "NAME:name DISPLAY:display_name TIMEOUT:session_timeout_s UPDATED:update_time")
KIND_ROW(OfferTemplate, OfferTemplates, offer_template, offer_templates, "ot", false,
        "NAME:name DISPLAY:display_name ATTRIBUTES:attributes UPDATED:update_time")
KIND_ROW(Offer, Offers, offer, offers, "of", false,
        "NAME:name CODE:code TEMPLATE:template STATE:state EXPIRES:expire_time UPDATED:update_time")
KIND_ROW(OfferList, OfferLists, offer_list, offer_lists, "ol", false,
        "NAME:name OFFERS:offers EXPRESSION:expression UPDATED:update_time")
KIND_ROW(Campaign, Campaigns, campaign, campaigns, "ca", false,
        "NAME:name CODE:code PAUSED:paused CELLS:cells EFFECTIVE:effective_time EXPIRES:expire_time "
        "UPDATED:update_time")
KIND_ROW(OutcomeType, OutcomeTypes, outcome_type, outcome_types, "out", false,
        "NAME:name DISPLAY:display_name PARENT:parent NEXT:next COUNTS-AS:counts_as TERMINAL:terminal "
        "UPDATED:update_time")
KIND_ROW(AudienceLevel, AudienceLevels, audience_level, audience_levels, "al", true,
        "CHANNEL:channel NAME:name KEYS:keys ATTRIBUTES:attributes TABLE:profile_table UPDATED:update_time")
KIND_ROW(Zone, Zones, zone, zones, "z", true,
        "CHANNEL:channel NAME:name DISPLAY:display_name TIE-BREAK:tie_break DEDUPLICATION:deduplication "
        "INCLUSION:inclusion DEFAULTS:default_offers UPDATED:update_time")
KIND_ROW(InteractionPoint, InteractionPoints, interaction_point, interaction_points, "ip", true,
        "CHANNEL:channel NAME:name ZONE:zone DEFAULT:default_content UPDATED:update_time")
KIND_ROW(Event, Events, event, events, "ev", true,
        "CHANNEL:channel NAME:name CATEGORY:category ACTIONS:actions UPDATED:update_time")
KIND_ROW(AudienceList, AudienceLists, audience_list, audience_lists, "li", true,
        "CHANNEL:channel NAME:name LEVEL:audience_level IDS:ids UPDATED:update_time")
KIND_ROW(Segment, Segments, segment, segments, "seg", true,
        "CHANNEL:channel NAME:name LEVEL:audience_level EXPRESSION:expression LISTS:lists USE:list_use "
        "GROUP:group RANK:rank UPDATED:update_time")
KIND_ROW(SegmentationFlow, SegmentationFlows, segmentation_flow, segmentation_flows, "flow", true,
        "CHANNEL:channel NAME:name LEVEL:audience_level STEPS:steps UPDATED:update_time")
KIND_ROW(TreatmentRule, TreatmentRules, treatment_rule, treatment_rules, "rule", true,
        "CHANNEL:channel NAME:name SEGMENT:segment ZONE:zone OFFER:offer LIST:offer_list CAMPAIGN:campaign "
        "CELL:cell SCORE:score EXPRESSION:score_expression DISABLED:disabled")
KIND_ROW(GlobalOffer, GlobalOffers, global_offer, global_offers, "go", true,
        "CHANNEL:channel NAME:name LEVEL:audience_level ZONE:zone OFFER:offer LIST:offer_list "
        "CAMPAIGN:campaign CELL:cell SCORE:score EXPRESSION:score_expression DISABLED:disabled")
KIND_ROW(ScoreOverride, ScoreOverrides, score_override, score_overrides, "so", true,
        "CHANNEL:channel NAME:name LEVEL:audience_level ENTRIES:entries UPDATED:update_time")
KIND_ROW(Blacklist, Blacklists, blacklist, blacklists, "bl", true,
        "CHANNEL:channel NAME:name LEVEL:audience_level ENTRIES:entries UPDATED:update_time")
KIND_ROW(SuppressionRule, SuppressionRules, suppression_rule, suppression_rules, "sup", true,
        "CHANNEL:channel NAME:name OFFERS:offers LISTS:offer_lists TRIGGER:trigger TIMES:times SCOPE:scope "
        "DAYS:days RELATED:related_attribute")
KIND_ROW(Constraint, Constraints, constraint, constraints, "con", true,
        "CHANNEL:channel NAME:name OFFERS:offers LISTS:offer_lists SCOPE:scope PERIOD:period "
        "COUNTED:counted LIMIT:limit")
