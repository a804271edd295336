#!/usr/bin/env python3
"""Features of a benchmark's form and size, of random numbers, for trying what takes the real ones.

    stand_in.py Thumos14reduced-Annotations -o Thumos14reduced-I3D-JOINTFeatures.npy
    stand_in.py ActivityNet1.2-Annotations --at-most 12 -o ActivityNet1.2-I3D-JOINTFeatures.npy
    stand_in.py activity_net.v1-2.json -o features/

One array [duration * 25 / 16, 2048] of float32 a video, in the order of the annotations: a folder of
W-TALC's .npy files, or ActivityNet's JSON. A name that ends with .npy gets all of them in one file of
objects, any other is a folder of a file each.
"""

import argparse
import json
import pathlib

import numpy as np

SNIPPETS_A_SECOND = 25 / 16
COLUMNS = 2048


def durations_by_video(annotations):
    if not annotations.is_dir():
        database = json.loads(annotations.read_text())["database"]
        return {video: entry["duration"] for video, entry in database.items()}
    names, durations = (
        np.load(annotations / f"{column}.npy", allow_pickle=True).ravel().tolist()
        for column in ("videoname", "duration")
    )
    return dict(zip((name.decode() for name in names), map(float, durations), strict=True))


def features(random, duration_s, at_most):
    """Not negative, like what an average of ReLUs is."""
    snippets = min(max(1, int(duration_s * SNIPPETS_A_SECOND)), at_most)
    return random.random((snippets, COLUMNS), dtype=np.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("annotations", type=pathlib.Path)
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True)
    parser.add_argument("--at-most", type=int, default=10**9, help="snippets of a video")
    args = parser.parse_args()
    random = np.random.default_rng(1)
    durations = durations_by_video(args.annotations)
    if args.output.suffix == ".npy":
        packed = np.empty(len(durations), dtype=object)
        for i, duration_s in enumerate(durations.values()):
            packed[i] = features(random, duration_s, args.at_most)
        np.save(args.output, packed, allow_pickle=True)
    else:
        args.output.mkdir(parents=True)
        for video, duration_s in durations.items():
            np.save(args.output / f"{video}.npy", features(random, duration_s, args.at_most))


if __name__ == "__main__":
    main()
