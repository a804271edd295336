#!/usr/bin/env python3
"""Holds co2net_measure_highlights to the same metric written in numpy, on made-up scores and features.

    measure_highlights_test.py CO2NET_MEASURE_HIGHLIGHTS"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np

PROGRAM = None
DOMAINS = ["dog", "skating", "surfing"]


def average_precision(scores, is_highlight):
    """The area below precision over recall by the trapezoidal rule; precision is 1 before the first rank."""
    hits = np.asarray(is_highlight)[np.argsort(-np.asarray(scores, float), kind="stable")]
    if not hits.any():
        return 0.0
    precision = np.r_[1, np.cumsum(hits) / np.arange(1, hits.size + 1)]
    recall = np.r_[0, np.cumsum(hits) / hits.sum()]
    return float(np.sum(np.diff(recall) * (precision[1:] + precision[:-1]) / 2))


class MeasureHighlights(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        rng = np.random.default_rng(7)
        database, self.clips, self.cas, self.attention, self.features = {}, {}, {}, {}, {}
        for i in range(12):
            video, snippets = f"v{i}", int(rng.integers(3, 40))
            subset = "test" if i < 9 else "validation"
            database[video] = {"subset": subset, "duration": snippets * 0.64, "annotations": []}
            self.clips[video] = {"domain": DOMAINS[i % 3], "match": rng.integers(-1, 2, snippets).tolist()}
            self.cas[video] = rng.normal(1, 2, (snippets, 3)).astype(np.float32)
            self.attention[video] = rng.uniform(0, 1, snippets).astype(np.float32)
            self.features[video] = rng.normal(0, 1, (snippets, 8)).astype(np.float32)
            self.save_scores(video, cas=self.cas[video], attn=self.attention[video])
            np.save(self.folder / f"{video}.npy", self.features[video])
        self.tested = [video for video in database if database[video]["subset"] == "test"]
        (self.folder / "annotations.json").write_text(json.dumps({"database": database}))
        (self.folder / "clips.json").write_text(json.dumps(self.clips))

    def save_scores(self, video, **arrays):
        np.savez(self.folder / f"{video}.npz", **arrays)
        (self.folder / f"{video}.npz.json").write_text(json.dumps({"schema": "co2net.scores/1", "classes": DOMAINS}))

    def run_it(self, *arguments):
        files = [f"--{name}={self.folder}/{name}.json" for name in ("clips", "annotations")]
        return subprocess.run([PROGRAM, *files, "--folder", self.folder, *arguments], capture_output=True, text=True)

    def expect(self, scores_of, *arguments):
        run = self.run_it(*arguments)
        self.assertEqual(run.returncode, 0, run.stderr)
        expected = {domain: [] for domain in DOMAINS}
        for video in sorted(self.tested):
            clip = self.clips[video]
            expected[clip["domain"]].append(average_precision(scores_of(video), np.array(clip["match"]) > 0))
        figures = json.loads(run.stdout)
        for domain in DOMAINS:
            np.testing.assert_allclose(figures["videos"][domain], expected[domain], rtol=0, atol=1e-12)
            self.assertAlmostEqual(figures["domains"][domain], np.mean(expected[domain]), places=12)
        self.assertAlmostEqual(figures["mean"], np.mean([np.mean(expected[domain]) for domain in DOMAINS]), places=12)

    def own_class(self, video):
        return self.cas[video][:, DOMAINS.index(self.clips[video]["domain"])].astype(float)

    def test_a_network_ranks_by_activation_times_attention(self):
        self.expect(lambda video: self.own_class(video) * self.attention[video])
        self.expect(self.own_class, "--by=activation")
        self.expect(lambda video: self.attention[video], "--by=attention")

    def test_a_network_without_attention_ranks_by_activation(self):
        for video in self.tested:
            self.save_scores(video, cas=self.cas[video])
        self.expect(self.own_class)
        self.assertIn("v0.npz: this network has no attention", self.run_it("--by=attention").stderr)

    def test_norms_are_of_one_half_of_the_features(self):
        self.expect(lambda video: np.linalg.norm(self.features[video][:, :4].astype(float), axis=1), "--by=rgb")
        self.expect(lambda video: np.linalg.norm(self.features[video][:, 4:].astype(float), axis=1), "--by=flow")

    def test_random_scores_follow_the_seed(self):
        first, again, other = (self.run_it("--by=random", f"--seed={seed}").stdout for seed in (1, 1, 2))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_refuses_scores_of_other_videos(self):
        self.save_scores("v0", cas=self.cas["v0"][1:], attn=self.attention["v0"][1:])
        run = self.run_it()
        self.assertEqual(run.returncode, 3)
        self.assertIn("v0", run.stderr)

    def test_refuses_another_quantity(self):
        self.assertIn("activation", self.run_it("--by=loudness").stderr)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop()
    unittest.main()
