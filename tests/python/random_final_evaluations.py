#!/usr/bin/env python3
"""Draws ground truth and results, and says what final_evaluation.py makes of them.

    random_final_evaluations.py SEED SETS

Prints a line of JSON a set: "ground_truth" and "results", the text of the two files, "subset", and
"figures". Beside what random_evaluations.py draws, sets have background videos, videos with labels alone,
without results, and with a duration in one file or none."""

import json
import random
import sys

import final_evaluation
import random_evaluations


def draw_duration(r):
    return r.choice([None, 15.5, 40, 90])


def draw(r):
    database, final, _ = random_evaluations.draw(r)
    durations = {}
    for video, facts in database.items():
        if r.random() < 0.3:
            facts["annotations"] = []
            facts["labels"] = r.choice([[], ["run"]])
        if duration := draw_duration(r):
            facts["duration"] = duration
        if duration := draw_duration(r):
            durations[video] = duration
    return database, final, durations


def figures(database, final, durations, subset):
    videos = []
    for video, facts in database.items():
        if subset not in ("", facts["subset"]):
            continue
        truths = [(one["label"], *one["segment"]) for one in facts["annotations"]]
        found = segments_of(final[video]) if video in final else None
        labels = facts.get("labels", [label for label, *_ in truths])
        videos.append((truths, labels, found, durations.get(video) or facts.get("duration")))
    evaluated = [video for video, facts in database.items() if subset in ("", facts["subset"])]
    foreign = [segments_of(items) for video, items in final.items() if video not in evaluated]
    return final_evaluation.evaluate(videos, foreign)


def segments_of(items):
    return [(one["label"], *one["segment"], one["score"]) for one in items]


def main(seed, sets):
    r = random.Random(int(seed))
    for _ in range(int(sets)):
        database, final, durations = draw(r)
        while not final:
            database, final, durations = draw(r)
        subset = r.choice([facts["subset"] for facts in database.values()] + [""])
        results = {"results": final, "final": final,
                   "videos": {video: {"duration": durations[video]} for video in durations}}
        print(json.dumps({"ground_truth": json.dumps({"database": database}), "results": json.dumps(results),
                          "subset": subset, "figures": figures(database, final, durations, subset)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
