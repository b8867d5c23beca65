#!/usr/bin/env python3
"""The estimates of common/estimate/README.md once more, from its formulas alone and in another language, as JSON:
`estimate.py LOG.csv POLICY.csv [CLIP]`. LOG has offer, reward, propensity and, if there are such, place and visitor."""
import csv
import json
import math
import sys
from collections import defaultdict

FOLDS, PULL, MASK = 5, 20, (1 << 64) - 1


def fold(unit):
    return ((unit * 0x9E3779B97F4A7C15 & MASK) >> 40) % FOLDS


def unit_of(row, line):
    visitor = row.get("visitor") or ""
    if not visitor:
        return line
    value = 0xCBF29CE484222325
    for byte in visitor.encode():
        value = (value ^ byte) * 0x100000001B3 & MASK
    return value


def ratio(units, above, below):
    total, per = sum(u[above] for u in units), sum(u[below] for u in units)
    value = total / per
    squares = sum((u[above] - value * u[below]) ** 2 for u in units)
    return value, math.sqrt(squares * len(units) / (len(units) - 1)) / abs(per)


def main():
    policy = defaultdict(dict)
    for row in csv.DictReader(open(sys.argv[2], encoding="utf-8")):
        policy[row.get("place", "")][row["offer"]] = float(row["probability"])
    clip = float(sys.argv[3]) if len(sys.argv) > 3 else math.inf
    log = [
        (unit_of(row, line), row.get("place", ""), row["offer"], float(row["reward"]), float(row["propensity"]))
        for line, row in enumerate(csv.DictReader(open(sys.argv[1], encoding="utf-8")), 2)
    ]
    cells = defaultdict(lambda: [[0.0, 0] for _ in range(FOLDS)])
    for unit, place, offer, reward, _ in log:
        for key in (place, offer), (place,), ():
            cells[key][fold(unit)][0] += reward
            cells[key][fold(unit)][1] += 1

    def mean(key, left_out, towards):
        sums = [s for i, s in enumerate(cells[key]) if i != left_out] if key in cells else []
        return (PULL * towards + sum(s[0] for s in sums)) / (PULL + sum(s[1] for s in sums))

    def predicted(place, offer, left_out):
        return mean((place, offer), left_out, mean((place,), left_out, mean((), left_out, 0)))

    units = defaultdict(lambda: defaultdict(float))
    weights, sums_shown = [], 0
    for unit, place, offer, reward, propensity in log:
        target = policy.get(place) or policy.get("", {})
        weight = min(target.get(offer, 0) / propensity, clip)
        weights.append(weight)
        sums_shown += sum(target.values())
        direct = sum(p * predicted(place, a, fold(unit)) for a, p in target.items())
        sums = units[unit]
        sums["rows"] += 1
        sums["reward"] += reward
        sums["weight"] += weight
        sums["weighted"] += weight * reward
        sums["dr"] += direct + weight * (reward - predicted(place, offer, fold(unit)))
    for sums in units.values():
        sums["gain"] = sums["dr"] - sums["reward"]
    units = list(units.values())
    pairs = {"logged": ("reward", "rows"), "ipw": ("weighted", "rows"), "snipw": ("weighted", "weight"),
             "dr": ("dr", "rows"), "gain": ("gain", "rows")}
    result = {name: ratio(units, *pair) for name, pair in pairs.items()}
    result["snipw"] = tuple(part * sums_shown / len(weights) for part in result["snipw"])
    result["effective_rows"] = sum(weights) ** 2 / sum(w * w for w in weights)
    json.dump(result, sys.stdout)


main()
