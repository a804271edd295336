#!/usr/bin/env python3
"""Holds samples/highlights/from_umt.py to a made-up folder of UMT's form.

    from_umt_test.py FROM_UMT"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np

PROGRAM = None
LISTS = """OTHER = {}
YOUTUBE_SPLITS = {'dog': {'train': ['d1', 'no-label'], 'val': ['d2']}, 'surfing': {'train': ['s1', 'no-flow'], 'val': []}}
"""
LABELS = {"s1": [1, 1, 0], "d2": [-1, 1, 0, 1, 1], "unlisted": [1], "d1": [-1, 0], "no-flow": [1]}


def half(begin, rows):
    """As float32 and float16 have it alike."""
    return np.arange(begin, begin + rows * 1024, dtype=np.float32).reshape(rows, 1024) % 512


class FromUmt(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.umt, self.data = pathlib.Path(folder.name, "umt"), pathlib.Path(folder.name, "data")
        self.source = self.umt / "data/youtube"
        (self.source / "video_features").mkdir(parents=True)
        (self.umt / "datasets/utils").mkdir(parents=True)
        (self.umt / "datasets/utils/static.py").write_text(LISTS)
        self.label(LABELS)
        for video, match in LABELS.items():
            self.write(video, "rgb", half(1, len(match)))
            self.write(video, "opt", half(7, len(match)))
        (self.source / "video_features/no-flow_opt.npy").unlink()

    def label(self, labels):
        entries = {video: {"fps": 30.0, "domain": "?", "match": match} for video, match in labels.items()}
        (self.source / "youtube_anno.json").write_text(json.dumps(entries))

    def write(self, video, kind, array):
        np.save(self.source / f"video_features/{video}_{kind}.npy", array)

    def run_it(self):
        return subprocess.run([sys.executable, "-B", PROGRAM, self.umt, self.data], capture_output=True, text=True)

    def convert(self):
        run = self.run_it()
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout, *(json.loads((self.data / f"{name}.json").read_text()) for name in ("annotations", "clips"))

    def test_keeps_listed_videos_in_the_labels_order_and_names_the_others(self):
        told, annotations, clips = self.convert()
        self.assertEqual(list(annotations["database"]), ["s1", "d2", "d1"])
        self.assertEqual(told, "3 videos; left out: no-flow no-label\n")
        self.assertEqual(sorted(path.name for path in (self.data / "features").iterdir()), ["d1.npy", "d2.npy", "s1.npy"])
        self.assertEqual(clips["d2"], {"domain": "dog", "match": LABELS["d2"]})

    def test_runs_of_highlights_are_segments_of_snippets_of_0_64_s(self):
        _, annotations, _ = self.convert()
        self.assertEqual(annotations["database"], {
            "s1": {"subset": "validation", "duration": 1.92, "annotations": [{"label": "surfing", "segment": [0, 1.28]}]},
            "d2": {"subset": "test", "duration": 3.2, "annotations": [
                {"label": "dog", "segment": [0.64, 1.28]}, {"label": "dog", "segment": [1.92, 3.2]}]},
            "d1": {"subset": "validation", "duration": 1.28, "annotations": []}})

    def test_joins_rgb_before_flow(self):
        self.convert()
        joined = np.load(self.data / "features/d2.npy")
        np.testing.assert_array_equal(joined, np.concatenate([half(1, 5), half(7, 5)], axis=1))

    def test_cuts_what_has_no_label(self):
        for kind in ("rgb", "opt"):
            self.write("s1", kind, half(3, 5))
        self.convert()
        np.testing.assert_array_equal(np.load(self.data / "features/s1.npy"), np.tile(half(3, 3), 2))

    def test_refuses_features_of_fewer_snippets_than_labels(self):
        self.label({**LABELS, "s1": [1, 1, 1, 1]})
        run = self.run_it()
        self.assertIn("s1: 4 snippets are labelled", run.stderr)
        self.assertEqual(run.returncode, 1)
        self.assertFalse((self.data / "annotations.json").exists())

    def test_refuses_what_float16_cannot_hold(self):
        self.write("s1", "rgb", half(1, 3) + 1e6)
        self.assertIn("not finite", self.run_it().stderr)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop()
    unittest.main()
