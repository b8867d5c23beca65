#!/usr/bin/env python3
"""What both configurations should give, worked out by hand from the files that year.py wrote: expected.py FOLDER > JSON.

It knows the rules of channel.yaml and nothing of the engine: who is in which segment when, whose coupons run, what was redeemed
before or shown too often, which coupon comes first. Whatever is given counts as shown. A redemption is known if its coupon was given
within 30 days before."""
import collections, csv, datetime, json, os, sys

DAY = 86400
SCORE = {"A": 60, "B": 50, "C": 40}
HABIT = {"A": "regulars", "B": "spenders", "C": "occasional"}
folder = sys.argv[1]
campaigns = json.load(open(os.path.join(folder, "campaigns.json")))
for campaign in campaigns.values():
    campaign["households"] = set(campaign["households"])
kids = {int(r["household_id"]): r["kids_count"] for r in csv.DictReader(open(os.path.join(folder, "households.csv"), newline=""))}


def mailed(household, frequency, worth):
    return lambda name, c: household in c["households"]


def habits(household, frequency, worth):
    segments = {"regulars"} if frequency >= 2 else {"occasional"}
    if worth >= 5.0 or kids.get(household, "0") != "0":
        segments.add("spenders")
    return lambda name, c: HABIT[c["type"]] in segments


def year(rules):
    shown = collections.defaultdict(list)  # by household and coupon: when
    redeemed = set()
    totals, answers = collections.Counter(), []
    accepts = unknown = unanswered = 0
    for row in csv.DictReader(open(os.path.join(folder, "events.csv"), newline="")):
        time = datetime.datetime.fromisoformat(row["time"].replace("Z", "+00:00")).timestamp()
        household = int(row["household_id"])
        if row["event"]:
            key = (household, row["offer"])
            if shown[key] and time - shown[key][-1] <= 30 * DAY:
                accepts += 1
                redeemed.add(key)
            else:
                unknown += 1
            continue
        takes = rules(household, int(row["frequency"]), float(row["worth"]))
        candidates = {}
        for name, c in campaigns.items():
            if c["start"] <= time < c["end"] and takes(name, c):
                for upc in c["coupons"]:
                    candidates[upc] = max(candidates.get(upc, 0), SCORE[c["type"]])
        best = []
        most = 5 if row["points"] == "mailer:5" else 1
        for upc in sorted(candidates, key=lambda u: (-candidates[u], u)):
            key = (household, upc)
            if key in redeemed or sum(t > time - 28 * DAY for t in shown[key][-3:]) >= 3:
                continue
            best.append(upc)
            if len(best) == most:
                break
        for upc in best:
            shown[(household, upc)].append(time)
            totals[upc] += 1
        unanswered += not best
        answers.append(best[0] if best else None)
    return {"totals": totals, "accepts": accepts, "unknown": unknown, "unanswered": unanswered}, answers


a, first = year(mailed)
b, second = year(habits)
json.dump({"mailed": a, "habits": b, "changed": sum(x != y for x, y in zip(first, second))}, sys.stdout)
