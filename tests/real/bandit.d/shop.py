#!/usr/bin/env python3
"""A shop whose rates we made: `shop.py SEED ROWS LOG POLICY` writes a log and another policy, and prints what that would earn."""
import csv
import random
import sys

PLACES, OFFERS = ["home", "basket", "kiosk"], ["gold", "silver", "loan", "fund", "card", "visit"]


def shares(dice):
    parts = [0.1 + dice.random() for _ in OFFERS]
    return [part / sum(parts) for part in parts]


def main():
    dice, rows = random.Random(int(sys.argv[1])), int(sys.argv[2])
    rate = {place: [0.02 + 0.2 * dice.random() for _ in OFFERS] for place in PLACES}
    logging = {place: shares(dice) for place in PLACES}
    target = {place: shares(dice) for place in PLACES}
    with open(sys.argv[3], "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["visitor", "place", "offer", "propensity", "reward"])
        for row in range(rows):
            place = PLACES[row % len(PLACES)]
            offer = dice.choices(range(len(OFFERS)), logging[place])[0]
            reward = int(dice.random() < rate[place][offer])
            out.writerow([f"v{row // 4}", place, OFFERS[offer], repr(logging[place][offer]), reward])
    with open(sys.argv[4], "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["place", "offer", "probability"])
        for place in PLACES:
            for offer, probability in zip(OFFERS, target[place]):
                out.writerow([place, offer, repr(probability)])
    print(sum(p * r for place in PLACES for p, r in zip(target[place], rate[place])) / len(PLACES))


main()
