#!/usr/bin/env python3
"""The grocer's year as Parley sees it: year.py DATA OUT --until DAY [--days N]. The year is moved, by whole days, so that it ends
before that day; of N days only the first ones are told.

OUT/events.csv has what households did: a basket at the till, a mailer in the first week of its campaign, a coupon that was redeemed.
OUT/channel.yaml is what both configurations share, OUT/mailed.yaml the grocer's own (each campaign's coupons for the households that it
was sent to), OUT/habits.yaml the rival (the same coupons by what households buy and who they are). OUT/facts.json counts what
went in, so that what comes out can be held against it."""
import argparse, collections, csv, datetime, json, os

arguments = argparse.ArgumentParser()
arguments.add_argument("data")
arguments.add_argument("out")
arguments.add_argument("--until", required=True)
arguments.add_argument("--days", type=int, default=0)
asked = arguments.parse_args()
data, out = asked.data, asked.out
FREQUENCY_DAYS = 56  # baskets within so many days are a household's frequency; what they cost its worth


def rows(name):
    with open(os.path.join(data, name), newline="") as file:
        yield from csv.DictReader(file)


def date(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=datetime.timezone.utc)


campaigns = {c["campaign_id"]: {"type": c["campaign_type"][-1], "start": date(c["start_date"]), "end": date(c["end_date"])}
             for c in rows("campaign_descriptions.csv")}
for campaign in campaigns.values():
    campaign["coupons"], campaign["households"] = set(), set()
for c in rows("coupons.csv"):
    campaigns[c["campaign_id"]]["coupons"].add(c["coupon_upc"])
for c in rows("campaigns.csv"):
    campaigns[c["campaign_id"]]["households"].add(int(c["household_id"]))

# --- what happened ---

baskets = collections.defaultdict(lambda: [0.0, None])
for t in rows("transactions_sample.csv"):
    basket = baskets[(int(t["household_id"]), t["basket_id"])]
    basket[0] += float(t["sales_value"])
    basket[1] = date(t["transaction_timestamp"])
events = []  # time, household, kind, points, event, offer
for (household, _), (spent, time) in baskets.items():
    events.append((time, household, "basket", spent, "", ""))
for name, campaign in campaigns.items():
    week = min(7, (campaign["end"] - campaign["start"]).days + 1)
    for household in campaign["households"]:
        time = campaign["start"] + datetime.timedelta(days=household % week, hours=7)
        events.append((time, household, "mailer", 0.0, "", ""))
for r in rows("coupon_redemptions.csv"):
    time = date(r["redemption_date"]) + datetime.timedelta(hours=21)
    events.append((time, int(r["household_id"]), "redeemed", 0.0, "coupon-redeemed", r["coupon_upc"]))
events.sort()
moved = datetime.timedelta(days=(date(asked.until) - events[-1][0]).days)
if asked.days:
    events = [e for e in events if e[0] < events[0][0] + datetime.timedelta(days=asked.days)]
events = [(time + moved, *rest) for time, *rest in events]

past = collections.defaultdict(collections.deque)
counts = collections.Counter()
with open(os.path.join(out, "events.csv"), "w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["time", "household_id", "event", "points", "offer", "frequency", "worth"])
    for time, household, kind, spent, event, offer in events:
        recent = past[household]
        while recent and recent[0][0] < time - datetime.timedelta(days=FREQUENCY_DAYS):
            recent.popleft()
        points = {"basket": "till", "mailer": "mailer:5", "redeemed": ""}[kind]
        writer.writerow([time.strftime("%Y-%m-%dT%H:%M:%SZ"), household, event, points, offer, len(recent),
                         "%.2f" % sum(s for _, s in recent)])
        if kind == "basket":
            recent.append((time, spent))
        counts[kind] += 1
households = {e[1] for e in events}

# --- configuration ---


def document(kind, fields):
    return "kind: %s\n%s---\n" % (kind, "".join("%s: %s\n" % pair for pair in fields))


def moment(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def in_channel(kind, name, fields=()):
    return document(kind, [("channel", "grocer"), ("name", name), *fields])


def list_of(values):
    return "[" + ", ".join(values) + "]"


coupons = sorted(set().union(*(c["coupons"] for c in campaigns.values())))
with open(os.path.join(out, "channel.yaml"), "w") as file:
    with open(os.path.join(os.path.dirname(__file__), "channel.yaml")) as common:
        file.write(common.read() + "---\n")
    for upc in coupons:
        file.write(document("Offer", [("name", "coupon-" + upc), ("code", '"%s"' % upc), ("template", "coupon"),
                                      ("attributes", '[{name: upc, value: "%s"}]' % upc), ("state", "PUBLISHED")]))
    for name, c in sorted(campaigns.items()):
        file.write(document("Campaign", [("name", "campaign-" + name), ("code", '"%s"' % name),
                                         ("effective_time", moment(c["start"] + moved)),
                                         ("expire_time", moment(c["end"] + moved + datetime.timedelta(days=1)))]))
        file.write(document("OfferList", [("name", "coupons-" + name),
                                          ("offers", list_of("coupon-" + u for u in sorted(c["coupons"])))]))
        file.write(in_channel("AudienceList", "households-" + name,
                              [("audience_level", "household"),
                               ("ids", list_of('"%d"' % h for h in sorted(c["households"])))]))
        file.write(in_channel("Segment", "sent-" + name, [("audience_level", "household"),
                                                          ("lists", "[households-%s]" % name)]))

SCORE = {"A": 60, "B": 50, "C": 40}
HABIT = {"A": "regulars", "B": "spenders", "C": "occasional"}
for file_name, segment in (("mailed.yaml", lambda name, c: "sent-" + name), ("habits.yaml", lambda name, c: HABIT[c["type"]])):
    with open(os.path.join(out, file_name), "w") as file:
        for name, c in sorted(campaigns.items()):
            file.write(in_channel("TreatmentRule", "rule-" + name,
                                  [("segment", segment(name, c)), ("offer_list", "coupons-" + name),
                                   ("campaign", "campaign-" + name), ("score", SCORE[c["type"]])]))

demographics = list(csv.reader(open(os.path.join(data, "demographics.csv"), newline="")))
with open(os.path.join(out, "households.csv"), "w", newline="") as file:
    csv.writer(file, lineterminator="\n").writerows(demographics)
known = {int(d[0]) for d in demographics[1:]}
with open(os.path.join(out, "facts.json"), "w") as file:
    json.dump({"events": len(events), "baskets": counts["basket"], "mailers": counts["mailer"], "redeemed": counts["redeemed"],
               "questions": counts["basket"] + counts["mailer"], "households": len(households),
               "profiles": len(households & known), "campaigns": len(campaigns), "coupons": len(coupons),
               "first": moment(events[0][0]), "last": moment(events[-1][0]), "moved": moved.days}, file)
with open(os.path.join(out, "campaigns.json"), "w") as file:
    json.dump({name: {"type": c["type"], "start": (c["start"] + moved).timestamp(),
                      "end": (c["end"] + moved + datetime.timedelta(days=1)).timestamp(), "coupons": sorted(c["coupons"]),
                      "households": sorted(c["households"])} for name, c in campaigns.items()}, file)
