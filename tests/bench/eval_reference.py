#!/usr/bin/env python3
"""Evaluates detections the way the field's Python evaluators do, to compare `co2net eval` with.

    eval_reference.py RESULTS.json GROUND_TRUTH.json SUBSET PROTOCOL FIRST STEP LAST

PROTOCOL is activitynet or co2net; thresholds are FIRST, FIRST + STEP, ..., LAST, in hundredths.
Predictions and ground truth are pandas tables, a class at a time; every prediction is looked up in
the ground truth of its video, and every threshold is tried on it in turn. Prints one line of JSON:
"tiou", "mAP", "average" and "seconds", the time without start and reading.
"""

import json
import sys
import time

import numpy as np
import pandas as pd

COLUMNS = ["video", "label", "start", "end", "score"]


def ground_truth_table(path, subset):
    with open(path) as file:
        database = json.load(file)["database"]
    rows = [
        (video, item["label"], float(item["segment"][0]), float(item["segment"][1]), 1.0)
        for video, facts in database.items()
        if facts["subset"] == subset
        for item in facts["annotations"]
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def prediction_table(path):
    with open(path) as file:
        results = json.load(file)["results"]
    rows = [
        (video, item["label"], item["segment"][0], item["segment"][1], item["score"])
        for video, items in results.items()
        for item in items
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def in_snippets(table, decimals):
    return table.assign(
        start=np.round(table["start"] * 25 / 16, decimals),
        end=np.round(table["end"] * 25 / 16, decimals),
    )


def overlaps(segment, others):
    shared = np.minimum(segment[1], others[:, 1]) - np.maximum(segment[0], others[:, 0])
    shared = shared.clip(0)
    union = (others[:, 1] - others[:, 0]) + (segment[1] - segment[0]) - shared
    return np.divide(shared, union, out=np.full(len(others), np.inf), where=union != 0)


def interpolated(precision, recall):
    precision = np.concatenate([[0], precision, [0]])
    recall = np.concatenate([[0], recall, [1]])
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.flatnonzero(recall[1:] != recall[:-1]) + 1
    return np.sum((recall[steps] - recall[steps - 1]) * precision[steps])


def average_precisions(truth, predictions, tiou):
    hits = np.zeros((len(tiou), len(predictions)))
    taken = np.zeros((len(tiou), len(truth)), dtype=bool)
    by_video = truth.reset_index(drop=True).groupby("video")
    order = predictions["score"].values.argsort(kind="stable")[::-1]
    for place, (_, prediction) in enumerate(predictions.iloc[order].iterrows()):
        try:
            candidates = by_video.get_group(prediction["video"])
        except KeyError:
            continue
        segment = prediction[["start", "end"]].values
        tious = overlaps(segment, candidates[["start", "end"]].values)
        nearest_first = tious.argsort(kind="stable")[::-1]
        for row, threshold in enumerate(tiou):
            for candidate in nearest_first:
                if tious[candidate] < threshold:
                    break
                index = candidates.index[candidate]
                if not taken[row, index]:
                    taken[row, index] = True
                    hits[row, place] = 1
                    break
    found = np.cumsum(hits, axis=1)
    precision = found / np.arange(1, len(predictions) + 1)
    return [interpolated(p, r) for p, r in zip(precision, found / len(truth))]


def evaluate(truth, predictions, tiou):
    rows = []
    for label, of_class in truth.groupby("label"):
        rows.append(average_precisions(of_class, predictions[predictions["label"] == label], tiou))
    return np.mean(rows, axis=0)


def main(results, ground_truth, subset, protocol, first, step, last):
    tiou = [i / 100.0 for i in range(int(first), int(last) + 1, int(step))]
    truth = ground_truth_table(ground_truth, subset)
    predictions = prediction_table(results)
    begin = time.perf_counter()
    if protocol == "co2net":
        truth, predictions = in_snippets(truth, 0), in_snippets(predictions, 9)
    else:
        tiou = np.linspace(tiou[0], tiou[-1], len(tiou)).tolist()
    scores = evaluate(truth, predictions, tiou)
    seconds = time.perf_counter() - begin
    print(
        json.dumps(
            {
                "tiou": tiou,
                "mAP": scores.tolist(),
                "average": scores.mean(),
                "seconds": seconds,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
