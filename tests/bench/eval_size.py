#!/usr/bin/env python3
"""Draws ground truth and predictions of a size: eval_size.py VIDEOS GROUND_TRUTH.json PREDICTIONS.json

As ActivityNet1.3 has them: 200 classes, one to three segments of one class a video, and 25 predictions."""

import json
import random
import sys


def draw_segment(r, duration):
    start = r.uniform(0, 0.9 * duration)
    return [start, start + r.uniform(0.02, 0.6) * duration]


def near(r, segment):
    length = segment[1] - segment[0]
    return [segment[0] + r.gauss(0, 0.15) * length, segment[1] + abs(r.gauss(0, 0.15)) * length]


def main(videos, ground_truth, predictions):
    r = random.Random(1)
    labels = [f"Activity number {i}" for i in range(200)]
    database, results = {}, {}
    for number in range(int(videos)):
        video, duration, label = f"v_{number:011d}", r.uniform(10, 240), r.choice(labels)
        truths = [draw_segment(r, duration) for _ in range(r.randint(1, 3))]
        database[video] = {"duration": duration, "subset": "validation",
                           "annotations": [{"label": label, "segment": segment} for segment in truths]}
        results[video] = [{"label": label if r.random() < 0.7 else r.choice(labels), "score": r.random(),
                           "segment": near(r, r.choice(truths)) if r.random() < 0.4 else draw_segment(r, duration)}
                          for _ in range(25)]
    with open(ground_truth, "w") as file:
        json.dump({"version": "1", "taxonomy": [], "database": database}, file)
    with open(predictions, "w") as file:
        json.dump({"version": "1", "results": results, "external_data": {}}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
