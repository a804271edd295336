#!/usr/bin/env python3
"""Makes the data of samples/highlights.sh from what UMT (https://github.com/TencentARC/UMT) passes on.

    from_umt.py UMT DATA

UMT is a checkout with data/youtube as its README has it: youtube_anno.json and video_features/ID_rgb.npy, ID_opt.npy.
Videos that its lists name without a label or features are left out, and named."""

import ast
import json
import pathlib
import sys

import numpy as np

SNIPPET_S = 0.64  # as recipe wtalc has it, whatever the video's own frame rate
SUBSETS = {"train": "validation", "val": "test"}


def subsets(static):
    """{id: (domain, subset)} of UMT's lists, which are read but not run."""
    for statement in ast.parse(static.read_text()).body:
        if isinstance(statement, ast.Assign) and statement.targets[0].id == "YOUTUBE_SPLITS":
            return {video: (domain, SUBSETS[split]) for domain, splits in ast.literal_eval(statement.value).items()
                    for split, videos in splits.items() for video in videos}
    sys.exit(f"{static} has no YOUTUBE_SPLITS")


def runs(match):
    """[begin, end) of snippets one after another that are highlights."""
    edges = np.flatnonzero(np.diff([False, *(np.array(match) > 0), False]))
    return edges.reshape(-1, 2).tolist()


def features(files, video, snippets):
    """RGB before flow, a row a snippet."""
    joined = np.concatenate([np.load(file) for file in files], axis=1).astype(np.float16)
    if len(joined) < snippets or joined.shape[1] != 2048 or not np.isfinite(joined).all():
        sys.exit(f"{video}: {snippets} snippets are labelled, but features are {joined.shape}, or not finite as float16")
    return joined[:snippets]


def main(umt, data):
    source = umt / "data/youtube"
    labels = json.loads((source / "youtube_anno.json").read_text())
    wanted = subsets(umt / "datasets/utils/static.py")
    database, clips = {}, {}
    (data / "features").mkdir(parents=True)
    for video in [video for video in labels if video in wanted]:  # in this order, which training depends on
        files = [source / "video_features" / f"{video}_{kind}.npy" for kind in ("rgb", "opt")]
        if not all(file.exists() for file in files):
            continue
        (domain, subset), match = wanted[video], labels[video]["match"]
        np.save(data / "features" / f"{video}.npy", features(files, video, len(match)))
        clips[video] = {"domain": domain, "match": match}
        database[video] = {"subset": subset, "duration": round(len(match) * SNIPPET_S, 2), "annotations": [
            {"label": domain, "segment": [round(begin * SNIPPET_S, 2), round(end * SNIPPET_S, 2)]}
            for begin, end in runs(match)]}
    (data / "clips.json").write_text(json.dumps(clips))
    (data / "annotations.json").write_text(json.dumps({"database": database}))
    print(f"{len(database)} videos; left out: {' '.join(sorted(wanted.keys() - database.keys())) or 'none'}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*map(pathlib.Path, sys.argv[1:]))
