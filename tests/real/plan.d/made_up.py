#!/usr/bin/env python3
"""A small grocer of our own in the files of "The Complete Journey 2.0": made_up.py SEED FOLDER."""
import csv, datetime, os, random, sys

HOUSEHOLDS, CAMPAIGNS, COUPONS, BASKETS = 120, 5, 8, 1500
FIRST = datetime.date(2017, 1, 1)

random.seed(int(sys.argv[1]))
folder = sys.argv[2]
os.makedirs(folder, exist_ok=True)


def table(name, head, rows):
    with open(os.path.join(folder, name), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


def day(number):
    return FIRST + datetime.timedelta(days=number)


households = list(range(1, HOUSEHOLDS + 1))
starts = {c: random.randrange(0, 300) for c in range(1, CAMPAIGNS + 1)}
ends = {c: start + random.randrange(30, 60) for c, start in starts.items()}
coupons = {c: [str(50000000000 + 100 * c + i) for i in range(COUPONS)] for c in starts}
targets = [(c, h) for c in starts for h in sorted(random.sample(households, HOUSEHOLDS // 3))]
redeemed = []
for c, h in targets:
    if random.random() < 0.3:
        redeemed.append((h, random.choice(coupons[c]), c, day(random.randrange(starts[c] + 8, ends[c] + 1))))

table("campaign_descriptions.csv", ["campaign_id", "campaign_type", "start_date", "end_date"],
      [(c, "Type " + random.choice("ABC"), day(starts[c]), day(ends[c])) for c in starts])
table("campaigns.csv", ["campaign_id", "household_id"], targets)
table("coupons.csv", ["coupon_upc", "product_id", "campaign_id"], [(u, 1, c) for c in coupons for u in coupons[c]])
table("coupon_redemptions.csv", ["household_id", "coupon_upc", "campaign_id", "redemption_date"], redeemed)
table("demographics.csv",
      ["household_id", "age", "income", "home_ownership", "marital_status", "household_size", "household_comp", "kids_count"],
      [(h, random.choice(["25-34", "45-54", "65+"]), "50-74K", "Homeowner", "Married", 2, "2 Adults No Kids",
        random.choice(["0", "1", "3+"])) for h in households if h % 3 == 0])
table("transactions_sample.csv",
      ["household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value", "retail_disc", "coupon_disc",
       "coupon_match_disc", "week", "transaction_timestamp"],
      [(random.choice(households), 1, 1000 + i, 1, 1, round(random.uniform(1, 90), 2), 0, 0, 0, 1,
        "%sT%02d:%02d:00Z" % (day(random.randrange(365)), random.randrange(8, 20), random.randrange(60)))
       for i in range(BASKETS)])
