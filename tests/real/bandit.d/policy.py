#!/usr/bin/env python3
"""The Bernoulli Thompson sampling policy of the Open Bandit Dataset as a table of probabilities, by drawing: place, offer,
probability. `policy.py PRIOR.yaml CAMPAIGN PLACES`; with "uniform N" in place of the prior every one of N items is as likely."""
import csv
import random
import sys

DRAWS, SEED = 20_000, 12345


def priors(path, campaign):
    """Only what this file has: a key a line, numbers as list items."""
    found, section, key = {}, None, None
    for line in open(path, encoding="utf-8"):
        text = line.strip()
        if text.endswith(":"):
            if not line.startswith(" "):
                section = text[:-1]
            else:
                key = text[:-1]
        elif text.startswith("- ") and section == campaign:
            found.setdefault(key, []).append(float(text[2:]))
    return found["alpha"], found["beta"]


def shares(alpha, beta, places):
    random.seed(SEED)
    count = [[0] * len(alpha) for _ in range(places)]
    for _ in range(DRAWS):
        drawn = [random.betavariate(a, b) for a, b in zip(alpha, beta)]
        best = sorted(range(len(drawn)), key=drawn.__getitem__, reverse=True)[:places]
        for place, item in enumerate(best):
            count[place][item] += 1
    return [[n / DRAWS for n in row] for row in count]


def main():
    places = int(sys.argv[3])
    if sys.argv[1] == "uniform":
        items = int(sys.argv[2])
        table = [[1 / items] * items for _ in range(places)]
    else:
        table = shares(*priors(sys.argv[1], sys.argv[2]), places)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["place", "offer", "probability"])
    for place, row in enumerate(table):
        for item, probability in enumerate(row):
            if probability > 0:
                out.writerow([place + 1, item, repr(probability)])


main()
