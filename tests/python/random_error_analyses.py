#!/usr/bin/env python3
"""Draws ground truth and predictions, and says what error_analysis.py makes of them.

    random_error_analyses.py SEED SETS

Prints a line of JSON a set: "ground_truth" and "predictions", the text of the two files, "subset", "tiou",
"ignore_unknown_videos", "edges" by characteristic, and "analysis". Sets are those of random_evaluations.py,
with a duration in one file or none."""

import json
import random
import sys

import error_analysis
import random_evaluations

EDGES = {"length": [0, 2, 5, 10, 20], "coverage": [0, 0.1, 0.25, 0.5, 1], "instances": [-1, 1, 2, 4, 100]}


def draw_durations(r, videos):
    return {video: r.choice([10, 20, 40, 80]) for video in videos if r.random() < 0.6}


def analysis(database, results, durations, subset, tiou, ignores):
    evaluated = {video: facts for video, facts in database.items() if subset in ("", facts["subset"])}
    videos = [(video, facts.get("duration") or durations.get(video),
               [(one["label"], *one["segment"]) for one in facts["annotations"]]) for video, facts in evaluated.items()]
    predictions = [(video, one["label"], *one["segment"], one["score"]) for video, items in results.items()
                   if video in evaluated or not ignores for one in items]
    return error_analysis.analyze(videos, predictions, tiou, EDGES)


def has_truth(database, durations, subset):
    return any(0 < one["segment"][1] - one["segment"][0] <= (facts.get("duration") or durations.get(video, 1e9))
               for video, facts in database.items() if subset in ("", facts["subset"])
               for one in facts["annotations"])


def main(seed, sets):
    r = random.Random(int(seed))
    made = 0
    while made < int(sets):
        database, results, _ = random_evaluations.draw(r)
        for video, duration in draw_durations(r, database).items():
            database[video]["duration"] = duration
        durations = draw_durations(r, results)
        subset = r.choice([facts["subset"] for facts in database.values()] + [""])
        if not has_truth(database, durations, subset):
            continue
        tiou = sorted(r.sample([0.1, 0.3, 0.5, 0.7, 0.95], r.randint(1, 4)))
        ignores = r.random() < 0.3
        facts = {video: {"duration": duration} for video, duration in durations.items()}
        print(json.dumps({
            "ground_truth": json.dumps({"database": database}),
            "predictions": json.dumps({"results": results, "videos": facts}),
            "subset": subset, "tiou": tiou, "ignore_unknown_videos": ignores, "edges": EDGES,
            "analysis": analysis(database, results, durations, subset, tiou, ignores)}))
        made += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
