#!/usr/bin/env python3
"""Holds the rankings of co2net_rank to 'co2net eval': mAP of what they keep is the evaluation's.

    rank_test.py CO2NET_RANK CO2NET"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np

from paired_bootstrap_test import mean_ap

RANK = CO2NET = None


def random_segments(rng, count):
    starts = rng.uniform(0, 50, count)
    return np.stack([starts, starts + rng.uniform(1, 9, count)], 1).round(2).tolist()


class Rankings(unittest.TestCase):
    def test_map(self):
        rng = np.random.default_rng(3)
        labels = ("hop", "run", "wave")
        database, results = {}, {}
        for i in range(12):
            truths = random_segments(rng, 4)
            annotations = [{"label": labels[rng.integers(3)], "segment": segment} for segment in truths]
            database[f"v{i}"] = {"subset": "test", "annotations": annotations if i % 4 else []}
            # Near ones, so that some are right and several of them on one truth, and others.
            near = [{"label": truth["label"], "segment": [max(0, truth["segment"][0] - shift), truth["segment"][1] + shift]}
                    for truth in annotations for shift in rng.uniform(-0.3, 3, 3)]
            far = [{"label": labels[rng.integers(3)], "segment": segment} for segment in random_segments(rng, 6)]
            results[f"v{i}"] = [{**one, "score": round(float(rng.uniform()), 6)} for one in near + far]
        with tempfile.TemporaryDirectory() as folder:
            truth, found, ranking = (str(pathlib.Path(folder, name)) for name in ("truth.json", "found.json", "ranking"))
            pathlib.Path(truth).write_text(json.dumps({"database": database}))
            pathlib.Path(found).write_text(json.dumps({"results": results}))
            for protocol in ("activitynet", "thumos"):
                subprocess.run([RANK, "--results", found, "--ground-truth", truth, "--protocol", protocol, "-o", ranking], check=True)
                kept = json.loads(pathlib.Path(ranking).read_text())
                self.assertEqual(kept["protocol"], protocol)
                run = subprocess.run([CO2NET, "eval", found, "--ground-truth", truth, "--subset", "test", "--protocol", protocol,
                                      "--tiou", "0.1:0.1:0.7", "--json"], check=True, capture_output=True, text=True)
                want = json.loads(run.stdout)["average"]
                self.assertAlmostEqual(mean_ap(kept, range(kept["videos"])), want, 9)
                self.assertTrue(0.1 < want < 0.9, want)


if __name__ == "__main__":
    CO2NET = sys.argv.pop()
    RANK = sys.argv.pop()
    unittest.main()
