#!/usr/bin/env python3
"""Holds co2net_claims to an independent transcription: videos that are drawn several times are written out, their detections
sorted and judged again, and the draws are numpy's.

    paired_bootstrap_test.py CO2NET_CLAIMS"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np

PROGRAM = None
TIOU = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]


def random_ranking(rng, videos, skill, protocol="activitynet"):
    classes = {}
    for label in ("hop", "run", "wave"):
        truths, found = [], []
        for video in range(videos):
            count = int(rng.integers(0, 3))
            truths += [video] * count
            # Of each truth a detection that is right up to some threshold, and some that are wrong.
            found += [(rng.normal(skill, 1), video, 2 ** int(rng.integers(0, 8)) - 1) for _ in range(count)]
            found += [(rng.normal(0, 1), video, 0) for _ in range(int(rng.integers(0, 6)))]
        found.sort(reverse=True)
        classes[label] = {"truths": truths, "detections": [number for one in found for number in one[1:]]}
    return {"schema": "co2net.ranking/2", "protocol": protocol, "tiou": TIOU, "videos": videos, "classes": classes}


def average_precision(right, positives, protocol):
    """The mean precision at the hits; of ActivityNet precision is first made monotone from the right."""
    right = np.asarray(right, bool)
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    if protocol == "thumos":
        return precision[right].sum() / positives
    highest_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    return highest_from_here[right].sum() / positives


def mean_ap(ranking, drawn):
    copies = np.bincount(drawn, minlength=ranking["videos"])
    by_threshold = []
    for t in range(len(ranking["tiou"])):
        of_classes = []
        for of_class in ranking["classes"].values():
            positives = sum(copies[video] for video in of_class["truths"])
            if positives == 0:
                continue
            pairs = np.reshape(of_class["detections"], (-1, 2))
            right = [hits >> t & 1 for video, hits in pairs for _ in range(copies[video])]
            of_classes.append(average_precision(right, positives, ranking["protocol"]))
        by_threshold.append(np.mean(of_classes))
    return np.mean(by_threshold)


def difference(row, other, seeds, videos):
    return np.mean([mean_ap(row[seed], videos) - mean_ap(other[seed], videos) for seed in seeds])


def claims_of(folder, seeds, *more):
    run = subprocess.run([PROGRAM, "--results", folder, "--claim", "good>poor", "--seeds", str(seeds), *more],
                         check=True, capture_output=True, text=True)
    return json.loads(run.stdout)["claims"]


class Claims(unittest.TestCase):
    VIDEOS, SEEDS = 25, 4

    def setUp(self):
        rng = np.random.default_rng(5)
        self.rows = {protocol: {name: [random_ranking(rng, self.VIDEOS, skill, protocol) for _ in range(self.SEEDS)]
                                for name, skill in (("good", 2.0), ("poor", 1.2))}
                     for protocol in ("activitynet", "thumos")}

    def claims(self, *more):
        with tempfile.TemporaryDirectory() as folder:
            for protocol, rows in self.rows.items():
                for name, rankings in rows.items():
                    for i, ranking in enumerate(rankings):
                        path = pathlib.Path(folder, name, f"seed-{i + 1}.{protocol}.ranking")
                        path.parent.mkdir(exist_ok=True)
                        path.write_text(json.dumps(ranking))
            return claims_of(folder, self.SEEDS, *more)

    def test_difference(self):
        everything = range(self.VIDEOS)
        for protocol, rows in self.rows.items():
            want = difference(rows["good"], rows["poor"], range(self.SEEDS), everything)
            self.assertAlmostEqual(self.claims("--of", protocol)[0]["difference"], want, 12)

    def test_interval(self):
        rng = np.random.default_rng(1)
        rows = self.rows["activitynet"]
        drawn = [difference(rows["good"], rows["poor"], rng.integers(0, self.SEEDS, self.SEEDS),
                            rng.integers(0, self.VIDEOS, self.VIDEOS)) for _ in range(600)]
        for claims in (1, 2):  # widened for their number
            options = ["--claim", "poor>good"] * (claims - 1)
            low, high = self.claims(*options)[0]["interval"]
            want = np.quantile(drawn, [0.025 / claims, 1 - 0.025 / claims])
            tolerance = 0.35 * np.std(drawn)
            self.assertAlmostEqual(low, want[0], delta=tolerance)
            self.assertAlmostEqual(high, want[1], delta=tolerance)

    def test_sign(self):
        one, other = self.claims("--claim", "poor>good")
        self.assertEqual(one["difference"], -other["difference"])
        self.assertTrue(one["excludes_zero"] and other["excludes_zero"])


class ClaimsOnHighlights(unittest.TestCase):
    SEEDS = 4
    DOMAINS = {"dog": 12, "parkour": 7, "surfing": 20}

    def test_difference_and_interval(self):
        rng = np.random.default_rng(7)
        rows = {name: [{domain: rng.beta(a, 3, count).round(6).tolist() for domain, count in self.DOMAINS.items()}
                       for _ in range(self.SEEDS)] for name, a in (("good", 5), ("poor", 4))}
        with tempfile.TemporaryDirectory() as folder:
            for name, trainings in rows.items():
                for i, videos in enumerate(trainings):
                    pathlib.Path(folder, f"{name}-{i + 1}.json").write_text(json.dumps({"videos": videos}))
            found = claims_of(folder, self.SEEDS, "--of", "highlights")[0]
        domain_of = np.repeat(list(self.DOMAINS), list(self.DOMAINS.values()))
        precision = {name: np.array([np.concatenate(list(videos.values())) for videos in trainings])
                     for name, trainings in rows.items()}

        def by(seeds, drawn):
            gain = (precision["good"] - precision["poor"])[seeds][:, drawn]
            return np.mean([gain[:, domain_of[drawn] == domain].mean() for domain in np.unique(domain_of[drawn])])

        videos = len(domain_of)
        self.assertAlmostEqual(found["difference"], by(np.arange(self.SEEDS), np.arange(videos)), 12)
        drawn = [by(rng.integers(0, self.SEEDS, self.SEEDS), rng.integers(0, videos, videos)) for _ in range(4000)]
        for bound, want in zip(found["interval"], np.quantile(drawn, [0.025, 0.975])):
            self.assertAlmostEqual(bound, want, delta=0.15 * np.std(drawn))


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
