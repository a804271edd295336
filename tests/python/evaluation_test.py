#!/usr/bin/env python3
"""Holds the transcription of the protocols (evaluation.py) to what the official scripts gave.

    evaluation_test.py FOLDER...

Each folder that is there has activitynet.json, co2net.json and thumos.json (tests/golden/README.md)."""

import json
import pathlib
import sys
import unittest

import numpy as np

import evaluation

FOLDERS = []
TIOU = {"0.5:0.05:0.95": (0.5, 0.05, 0.95), "0.1:0.1:0.9": (0.1, 0.1, 0.9)}


def cases(name):
    for folder in FOLDERS:
        yield from json.loads((folder / f"{name}.json").read_text())["cases"]


class Goldens(unittest.TestCase):
    def compare(self, case, protocol, grid, want, truths, detections, ambiguous):
        with self.subTest(case=case["id"], kind=case["kind"], tiou=grid):
            tiou = evaluation.thresholds(protocol, *TIOU[grid])
            self.assertEqual(tiou, want["thresholds"])
            got = evaluation.evaluate(protocol, truths, detections, tiou, ambiguous)
            self.assertLess(np.abs(np.subtract(evaluation.mean_over_labels(got), want["mAP"])).max(), 1e-9)
            for label, row in want["ap"].items():
                self.assertLess(np.abs(np.subtract(got[label], row)).max(), 1e-9, label)

    def test_activitynet(self):
        for case in cases("activitynet"):
            database, results = case["gt"]["database"], case["pred"]["results"]
            truths = [(video, one["label"], *one["segment"]) for video, facts in database.items()
                      if facts["subset"] == case["subset"] for one in facts["annotations"]]
            detections = [(video, one["label"], *one["segment"], one["score"])
                          for video, items in results.items() for one in items]
            known = case.get("without_unknown_labels", case)
            for grid, want in (known.get("stable") or known["runs"]).items():
                if "error" not in want:
                    self.compare(case, "activitynet", grid, want, truths, detections, {})

    def test_co2net(self):
        for case in cases("co2net"):
            want = case["detection"].get("stable", case["detection"]) if "detection" in case else {"error": 0}
            want = case.get("stable", want)
            if "error" in want:
                continue
            is_thumos = case["form"] == "thumos14"
            subset = "test" if is_thumos else "validation"
            truths = [(video["name"], label, *segment) for video in case["videos"]
                      if video["subset"] == subset
                      for label, segment in zip(video["labels"], video["segments"])]
            detections = [(video, case["classlist"][label], start * 16 / 25, end * 16 / 25, score)
                          for video, start, end, label, score in case["predictions"]]
            ambiguous = {}
            for line in case["ambiguous"]:
                video, start, end = line.split()
                ambiguous.setdefault(video, []).append((float(start), float(end)))
            self.compare(case, "co2net", "0.1:0.1:0.9" if is_thumos else "0.5:0.05:0.95", want, truths,
                         detections, ambiguous)

    def test_thumos(self):
        for case in cases("thumos"):
            if "error" in case["result"]:
                continue
            truths = [(video, label, start, end) for label, rows in case["truth"].items()
                      for video, start, end in rows]
            names = dict(case["classes"])
            detections = [(video, names.get(label), start, end, score)
                          for video, start, end, label, score in case["detections"]]
            ambiguous = {}
            for video, start, end in case["ambiguous"]:
                ambiguous.setdefault(video, []).append((start, end))
            self.compare(case, "thumos", "0.1:0.1:0.9", case["result"], truths, detections, ambiguous)


if __name__ == "__main__":
    FOLDERS = [folder for folder in map(pathlib.Path, sys.argv[1:]) if folder.is_dir()]
    assert FOLDERS, "none of the folders is there"
    unittest.main(argv=sys.argv[:1])
