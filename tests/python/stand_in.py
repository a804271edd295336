#!/usr/bin/env python3
"""Features of a benchmark's form and size, of random numbers, for trying what takes the real ones.

    stand_in.py THUMOS14_ANNOTATIONS -o Thumos14reduced-I3D-JOINTFeatures.npy
    stand_in.py activity_net.v1-2.json -o features/

One array [duration * 25 / 16, 2048] of float32 a video: all in one file of objects, in the order of a
folder of W-TALC's annotations, or a file each for a JSON of ActivityNet's form.
"""

import argparse
import json
import pathlib

import numpy as np

SNIPPETS_A_SECOND = 25 / 16
COLUMNS = 2048


def features(random, duration_s):
    """Not negative, like what an average of ReLUs is."""
    snippets = max(1, int(duration_s * SNIPPETS_A_SECOND))
    return random.random((snippets, COLUMNS), dtype=np.float32)


def write_packed(annotations, random, path):
    durations = np.load(annotations / "duration.npy").ravel()
    packed = np.empty(len(durations), dtype=object)
    for i, duration_s in enumerate(durations):
        packed[i] = features(random, duration_s)
    np.save(path, packed, allow_pickle=True)


def write_folder(annotations, random, folder):
    folder.mkdir(parents=True)
    for video, entry in json.loads(annotations.read_text())["database"].items():
        np.save(folder / f"{video}.npy", features(random, entry["duration"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("annotations", type=pathlib.Path)
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True)
    args = parser.parse_args()
    write = write_packed if args.annotations.is_dir() else write_folder
    write(args.annotations, np.random.default_rng(1), args.output)


if __name__ == "__main__":
    main()
