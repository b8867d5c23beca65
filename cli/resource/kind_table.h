// One row one kind of resource, in the order of dependency: kind, plural, field in requests, field in lists,
// short name, whether it belongs to a channel, the columns of its table (TITLE:field …).
KIND_ROW(Channel, Channels, channel, channels, "ch", false,
        "NAME:name DISPLAY:display_name/2 TIMEOUT:session_timeout_s/1 UPDATED:update_time/9")
KIND_ROW(OfferTemplate, OfferTemplates, offer_template, offer_templates, "ot", false,
        "NAME:name DISPLAY:display_name/2 ATTRIBUTES:attributes UPDATED:update_time/9")
KIND_ROW(Offer, Offers, offer, offers, "of", false,
        "NAME:name CODE:code TEMPLATE:template/3 STATE:state EXPIRES:expire_time/2 UPDATED:update_time/9")
KIND_ROW(OfferList, OfferLists, offer_list, offer_lists, "ol", false,
        "NAME:name OFFERS:offers EXPRESSION:expression UPDATED:update_time/9")
KIND_ROW(Campaign, Campaigns, campaign, campaigns, "ca", false,
        "NAME:name CODE:code PAUSED:paused/1 CELLS:cells/4 EFFECTIVE:effective_time/3 EXPIRES:expire_time/2 "
        "UPDATED:update_time/9")
KIND_ROW(OutcomeType, OutcomeTypes, outcome_type, outcome_types, "out", false,
        "NAME:name DISPLAY:display_name/2 PARENT:parent/1 NEXT:next/4 COUNTS-AS:counts_as/2 "
        "TERMINAL:terminal/3 "
        "UPDATED:update_time/9")
KIND_ROW(AudienceLevel, AudienceLevels, audience_level, audience_levels, "al", true,
        "CHANNEL:channel/8 NAME:name KEYS:keys ATTRIBUTES:attributes TABLE:profile_table/2 "
        "UPDATED:update_time/9")
KIND_ROW(Zone, Zones, zone, zones, "z", true,
        "CHANNEL:channel/8 NAME:name DISPLAY:display_name/2 TIE-BREAK:tie_break/3 "
        "DEDUPLICATION:deduplication/4 "
        "INCLUSION:inclusion/5 DEFAULTS:default_offers/1 UPDATED:update_time/9")
KIND_ROW(InteractionPoint, InteractionPoints, interaction_point, interaction_points, "ip", true,
        "CHANNEL:channel/8 NAME:name ZONE:zone DEFAULT:default_content UPDATED:update_time/9")
KIND_ROW(Event, Events, event, events, "ev", true,
        "CHANNEL:channel/8 NAME:name CATEGORY:category/1 ACTIONS:actions UPDATED:update_time/9")
KIND_ROW(AudienceList, AudienceLists, audience_list, audience_lists, "li", true,
        "CHANNEL:channel/8 NAME:name LEVEL:audience_level/6 IDS:ids UPDATED:update_time/9")
KIND_ROW(Segment, Segments, segment, segments, "seg", true,
        "CHANNEL:channel/8 NAME:name LEVEL:audience_level/6 EXPRESSION:expression LISTS:lists/4 "
        "USE:list_use/5 "
        "GROUP:group/3 RANK:rank/2 UPDATED:update_time/9")
KIND_ROW(SegmentationFlow, SegmentationFlows, segmentation_flow, segmentation_flows, "flow", true,
        "CHANNEL:channel/8 NAME:name LEVEL:audience_level/6 STEPS:steps UPDATED:update_time/9")
KIND_ROW(TreatmentRule, TreatmentRules, treatment_rule, treatment_rules, "rule", true,
        "CHANNEL:channel/8 NAME:name SEGMENT:segment ZONE:zone OFFER:offer LIST:offer_list "
        "CAMPAIGN:campaign/4 "
        "CELL:cell/5 SCORE:score EXPRESSION:score_expression/3 DISABLED:disabled/1")
KIND_ROW(GlobalOffer, GlobalOffers, global_offer, global_offers, "go", true,
        "CHANNEL:channel/8 NAME:name LEVEL:audience_level/6 ZONE:zone OFFER:offer LIST:offer_list "
        "CAMPAIGN:campaign/4 CELL:cell/5 SCORE:score EXPRESSION:score_expression/3 DISABLED:disabled/1")
KIND_ROW(ScoreOverride, ScoreOverrides, score_override, score_overrides, "so", true,
        "CHANNEL:channel/8 NAME:name LEVEL:audience_level/6 ENTRIES:entries UPDATED:update_time/9")
KIND_ROW(Blacklist, Blacklists, blacklist, blacklists, "bl", true,
        "CHANNEL:channel/8 NAME:name LEVEL:audience_level/6 ENTRIES:entries UPDATED:update_time/9")
KIND_ROW(SuppressionRule, SuppressionRules, suppression_rule, suppression_rules, "sup", true,
        "CHANNEL:channel/8 NAME:name OFFERS:offers LISTS:offer_lists TRIGGER:trigger TIMES:times "
        "SCOPE:scope/2 "
        "DAYS:days/3 RELATED:related_attribute/4")
KIND_ROW(Constraint, Constraints, constraint, constraints, "con", true,
        "CHANNEL:channel/8 NAME:name OFFERS:offers LISTS:offer_lists SCOPE:scope/2 PERIOD:period "
        "COUNTED:counted LIMIT:limit")
