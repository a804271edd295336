#!/usr/bin/env python3
"""Draws ground truth and predictions, and says what evaluation.py makes of them.

    random_evaluations.py SEED SETS

Prints a line of JSON a set: "ground_truth" and "predictions", the text of the two files, and "runs", a list
of {"protocol", "subset", "tiou", "ignore_unknown_videos", "mAP", "per_class"}. Sets have what evaluators
differ on: equal scores and overlaps, overlaps that are a threshold, segments without length, repeats,
several subsets, videos and labels that the evaluated ground truth lacks, ambiguous intervals."""

import json
import random
import sys

import evaluation

LABELS = ["jump", "run", "throw"]
SUBSETS = ["training", "validation", "test"]
GRIDS = [("0.1:0.1:0.9", (0.1, 0.1, 0.9)), ("0.5:0.05:0.95", (0.5, 0.05, 0.95)), ("0.3:0.2:0.7", (0.3, 0.2, 0.7)),
         ("0.5", (0.5, 0, 0.5))]
SNIPPET = 16 / 25


def draw_segment(r, kind):
    if kind == "grid":                                   # overlaps are fractions, often a threshold
        start = r.randrange(0, 40, 2)
        start, end = start, start + r.choice([0, 2, 4, 5, 10, 20])
    elif kind == "snippets":
        start = r.randrange(30)
        start, end = start * SNIPPET, (start + r.randrange(12)) * SNIPPET
    else:
        start = r.uniform(0, 40)
        end = start + r.choice([0, r.uniform(0, 2), r.uniform(0, 20)])
        if kind == "tenths":
            start, end = round(start, 1), round(max(start, end), 1)
    return [start, end]


def draw_near(r, kind, segment):
    """Another segment that overlaps this one."""
    start, end = segment
    if kind in ("grid", "snippets"):
        unit = 1 if kind == "grid" else SNIPPET
        return [max(0, start - unit * r.randrange(3)), end + unit * r.randrange(3)]
    length = end - start
    shift = r.gauss(0, 0.15) * length
    digits = 1 if kind == "tenths" else 12
    return [round(start + shift, digits), round(max(start + shift, end + r.gauss(0, 0.15) * length), digits)]


def draw_score(r, has_ties):
    return r.randrange(4) / 4 if has_ties else r.random()


def written(r, prediction):
    """Now and then with a number as text, which readers take too."""
    def number(value):
        return repr(value) if r.random() < 0.02 else value
    return {"label": prediction["label"], "score": number(prediction["score"]),
            "segment": [number(time) for time in prediction["segment"]]}


def draw(r):
    kind = r.choice(["grid", "snippets", "tenths", "any"])
    has_ties = r.random() < 0.6
    subsets = r.sample(SUBSETS, r.randint(1, 3))
    database, results, ambiguous = {}, {}, {}
    for number in range(r.randint(1, 5)):
        video = f"v_{r.randrange(10)}{number}"
        truths = [{"label": r.choice(LABELS[:r.randint(1, 3)]), "segment": draw_segment(r, kind)}
                  for _ in range(r.randrange(5))]
        truths += r.choices(truths, k=r.randrange(2)) if truths else []
        database[video] = {"subset": r.choice(subsets), "annotations": truths}
        predictions = []
        for _ in range(r.randrange(12)):
            near = r.choice(truths)["segment"] if truths and r.random() < 0.7 else None
            segment = draw_near(r, kind, near) if near else draw_segment(r, kind)
            label = r.choice(LABELS) if r.random() < 0.97 else "unheard of"
            predictions.append({"label": label, "score": draw_score(r, has_ties), "segment": segment})
        predictions += r.choices(predictions, k=r.randrange(3)) if predictions else []
        if r.random() < 0.9:
            results[video] = predictions
        if r.random() < 0.4:
            ambiguous[video] = [draw_segment(r, kind) for _ in range(r.randint(1, 2))]
    for number in range(r.randrange(3)):
        results[f"elsewhere_{number}"] = [
            {"label": r.choice(LABELS), "score": draw_score(r, has_ties), "segment": draw_segment(r, kind)}
            for _ in range(r.randrange(4))]
        if r.random() < 0.3:
            ambiguous[f"elsewhere_{number}"] = [draw_segment(r, kind)]
    order = list(results)
    r.shuffle(order)
    return database, {video: results[video] for video in order}, ambiguous


def runs(r, database, results, ambiguous):
    for protocol in ("activitynet", "co2net", "thumos"):
        subset = r.choice([facts["subset"] for facts in database.values()] + [""])
        evaluated = [video for video, facts in database.items() if subset in ("", facts["subset"])]
        truths = [(video, one["label"], *one["segment"]) for video in evaluated
                  for one in database[video]["annotations"]]
        if not truths:
            continue
        ignores = r.random() < 0.3
        detections = [(video, one["label"], *one["segment"], one["score"]) for video, items in results.items()
                      if video in evaluated or not ignores for one in items]
        grid, numbers = r.choice(GRIDS)
        tiou = evaluation.thresholds(protocol, *numbers)
        per_class = evaluation.evaluate(protocol, truths, detections, tiou, ambiguous)
        yield {"protocol": protocol, "subset": subset, "tiou": grid, "ignore_unknown_videos": ignores,
               "mAP": evaluation.mean_over_labels(per_class), "per_class": per_class}


def main(seed, sets):
    r = random.Random(int(seed))
    for _ in range(int(sets)):
        database, results, ambiguous = draw(r)
        known = list(runs(r, database, results, ambiguous))
        results = {video: [written(r, one) for one in items] for video, items in results.items()}
        print(json.dumps({"ground_truth": json.dumps({"database": database, "ambiguous": ambiguous}),
                          "predictions": json.dumps({"results": results}), "runs": known}))


if __name__ == "__main__":
    main(*sys.argv[1:])
