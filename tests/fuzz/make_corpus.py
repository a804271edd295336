"""Writes small files of every format that a fuzzer mutates into folders, one a fuzzer.

Seeds: /usr/bin/python3 make_corpus.py FOLDER. numpy and torch are used where they are there.
"""

import collections
import hashlib
import json
import pathlib
import pickle
import struct
import sys

HERE = pathlib.Path(__file__).parent
CORPUS = pathlib.Path(sys.argv[1])


def write(fuzzer, name, content):
    folder = CORPUS / fuzzer
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def write_json(fuzzer, name, content):
    write(fuzzer, name + ".json", json.dumps(content))


def plain_values():
    shared = ["a", b"b\xff"]
    cyclic = []
    cyclic.append(cyclic)
    return {
        "constants": [None, True, False],
        "integers": [0, -1, 300, 70000, -(2**40)],
        "real": 1.5,
        "text": ["plain", "h\u00e9\u4e2d\U0001f600\\\n", "x" * 300],
        "bytes": [b"\x00\xff", bytearray(b"q\xfe")],
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        "sets": [{1, 2}, frozenset([3])],
        "ordered": collections.OrderedDict([("k", 1)]),
        "shared": [shared, shared],
        "cyclic": cyclic,
    }


def write_pickles(name, value, protocols=range(6)):
    for protocol in protocols:
        write("pickle", f"{name}{protocol}", pickle.dumps(value, protocol))


class Unknown:
    def __getnewargs_ex__(self):
        return (), {"size": 1}

    def __new__(cls, **size):
        return super().__new__(cls)


def objects():
    return [Unknown(), {Unknown(): 1}, collections.defaultdict(Unknown, a=1), 2**100]


def write_safetensors():
    sys.path.append(str(HERE / "../python"))
    import safetensors_files

    tensors = {
        "weight": ("F32", [4, 8], bytes(128)),
        "bias": ("BF16", [1], bytes(2)),
        "none": ("I64", [0, 3], b""),
    }
    (CORPUS / "safetensors").mkdir(parents=True, exist_ok=True)
    safetensors_files.write(CORPUS / "safetensors/network", tensors, {"format": "pt"})


def write_foreign():
    """What comes in the place of other files."""
    contents = {
        "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "page": b"\xef\xbb\xbf <!-- a --><?xml version='1.0'?><!DOCTYPE html><html>",
        "answer": b'{"message": "Not Found"}',
        "saved_model": b"\x08\x01\x12\x80\x01",
    }
    for name, content in contents.items():
        for fuzzer in ("pickle", "npy", "zip", "annotations"):
            write(fuzzer, name, content)


def write_numpy():
    import numpy as np

    objects = np.empty(3, dtype=object)
    objects[0] = np.arange(6, dtype="f4").reshape(2, 3)
    objects[1] = ["a", b"b"]
    objects[2] = np.arange(6, dtype=">f8").reshape(2, 3).T
    arrays = {
        "objects": objects,
        "text": np.array(["ab", "\u4e2d"]),
        "bytes": np.array([b"xy", b"z"]),
        "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "half": np.array([1.5], dtype="f2"),
        "empty": np.zeros((0, 4)),
    }
    (CORPUS / "npy").mkdir(parents=True, exist_ok=True)
    (CORPUS / "npz").mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        np.save(CORPUS / f"npy/{name}.npy", array)
    np.savez(CORPUS / "npz/all.npz", **arrays)
    numbers = {"one": arrays["half"], "two": arrays["fortran"], "none": arrays["empty"]}
    np.savez(CORPUS / "npz/stored.npz", **numbers)
    np.savez_compressed(CORPUS / "npz/deflated.npz", **numbers)
    scalars = [np.float32(1.5), np.int8(-3), np.uint16(7), np.bool_(True), np.str_("s")]
    write_pickles("numpy", [objects, scalars])


def write_torch():
    import torch

    tensor = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    checkpoint = {
        "whole": tensor,
        "transposed": tensor.t(),
        "part": tensor[1, ::2],
        "expanded": torch.ones(1).expand(5),
        "half": tensor.half(),
        "bfloat16": tensor.bfloat16(),
        "integers": torch.arange(3),
        "parameter": torch.nn.Parameter(tensor),
        "state": torch.nn.Linear(2, 1).state_dict(),
        "others": [torch.float16, torch.device("cpu"), tensor.shape],
    }
    (CORPUS / "zip").mkdir(parents=True, exist_ok=True)
    for protocol in (2, 4):
        torch.save(checkpoint, CORPUS / f"zip/torch{protocol}", pickle_protocol=protocol)
        torch.save(
            checkpoint,
            CORPUS / f"pickle/legacy{protocol}",
            pickle_protocol=protocol,
            _use_new_zipfile_serialization=False,
        )
    torch.jit.script(torch.nn.Linear(2, 1)).save(str(CORPUS / "zip/script"))

    torch.save(torch.nn.Linear(2, 1).state_dict(), CORPUS / "zip/network")
    wrapped = torch.nn.DataParallel(torch.nn.Linear(2, 1)).state_dict()
    torch.save({"state_dict": wrapped}, CORPUS / "zip/wrapped")
    compiled = {"_orig_mod." + name: tensor for name, tensor in wrapped.items()}
    torch.save({"args": Unknown(), "model": {"net": compiled}}, CORPUS / "zip/compiled")


def write_results():
    segment = {"label": "run", "segment": [0, "1.5"]}
    video = {"subset": "test", "duration": 4.5, "labels": ["run"], "annotations": [segment]}
    proposal = {"label": "run", "score": 0.5, "segment": [0, 1.25]}
    annotations = {
        "classes": ["jump", "run"],
        "ambiguous": {"v": [[0, 1]]},
        "database": {"v": video, "w": {**video, "annotations": []}},
    }
    results = {
        "results": {"v": [proposal], "w": []},
        "final": {"v": [proposal], "w": []},
        "videos": {"v": {"fps": 25, "duration": 4}},
        "recipe": {"stride": 16},
    }
    write_json("annotations", "activitynet", annotations)
    write("annotations", "ambiguous", "v 0.5 1.5\nw 2 3\n")
    write_annotations_of_others()
    write_json("results", "results", results)
    write_json("results", "line", {"id": "v", "segments": [proposal], "final": [], "video": {"fps": 25}})
    write("results", "csv", "id,label,score,start_s,end_s\nv,run,0.5,0,1.25\n")
    write("csv", "quoted", 'video,label\r\nv,"a ""b"", c"\n')
    write("csv", "plain", "\xef\xbb\xbfvideo,label\nv, run \n\n")


def write_annotations_of_others():
    write("annotations", "csv", "id,label,start_s,end_s,subset\nv,run,0,1.5,test\nw,,,,test\n")
    region = {"type": "timelinelabels", "value": {"ranges": [{"start": 1, "end": 9}], "timelinelabels": ["run"]}}
    data = {"video": "/data/upload/1/01234567-v%20w.mp4", "fps": 25}
    annotation = {"result": [region], "was_cancelled": False, "ground_truth": True}
    write_json("annotations", "labelstudio", [{"data": data, "annotations": [annotation]}])
    write("annotations", "config", '<View><Video name="video" value="$video" frameRate="25"/></View>')
    write(
        "annotations",
        "elan",
        '<?xml version="1.0" encoding="UTF-8"?><ANNOTATION_DOCUMENT><HEADER>'
        '<MEDIA_DESCRIPTOR MEDIA_URL="file:///v.mp4"/><PROPERTY NAME="co2net.id">v</PROPERTY></HEADER>'
        '<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="0"/>'
        '<TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="1500"/><TIME_SLOT TIME_SLOT_ID="ts3"/></TIME_ORDER>'
        '<TIER TIER_ID="run"><ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">'
        "<ANNOTATION_VALUE>r&amp;n</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>"
        "</ANNOTATION_DOCUMENT>",
    )


def write_bundle():
    bundle = json.loads((HERE / "../../samples/model/model.json").read_text())
    bundle.update(classes=["go", "stop"], provenance={"made_by": "import"})
    recipe = bundle["recipe"]
    i3d = {name: bundle["files"][name]["sha256"] for name in ("i3d_rgb.pt", "i3d_flow.pt")}
    video = {"fps": 25, "duration": 4.5, "snippets": 7}
    common = {"recipe": recipe, "files": i3d, "video": video}
    features = {"schema": "co2net.features/1", "streams": ["rgb", "flow"], **common}
    scores = {"schema": "co2net.scores/1", "classes": ["run"], **common}
    flow = {key: value for key, value in recipe["flow"].items() if key != "precision"}
    newer = {"schema": "co2net.recipe/2", "flow": flow}
    other_recipe = {**recipe, **newer, "fps": "source", "crop": "ten", "tail": "pad"}
    write_json("recipe", "sample", recipe)
    write_json("recipe", "other", other_recipe)
    write_json("bundle", "sample", bundle)
    write_json("bundle", "other", {**bundle, "preset": "activitynet1.2", "learned_from": i3d})
    held_out = [
        {"labels": ["go"], "scores": [0.75, 0.125], "segments": [], "hours": 0.5},
        {"labels": [], "scores": [0.25, 0.5], "segments": [0, 2], "hours": 1.5},
    ]
    thresholds = {"all": 0.5, "own": {"stop": 0.25}}
    point = {"thresholds": thresholds, "videos_chose_iteration": True, "false_alarms": 2.5, "videos": held_out}
    write_json("bundle", "operating_point", {**bundle, "operating_point": point})
    write_json("sidecar", "features", features)
    write_json("sidecar", "other", {**features, "recipe": other_recipe})
    write_json("sidecar", "scores", scores)


def write_cache_entries():
    """Without the checksum at their ends."""
    key = {"stage": "fuzz", "version": 1}
    xxh3_of_nothing = 0x2D06800538D394C2
    digest = hashlib.sha256(json.dumps(key, separators=(",", ":")).encode()).hexdigest()
    beside = {"name": digest + ".mkv", "size": 0, "xxh3": xxh3_of_nothing}
    headers = {
        "bytes": ({"key": key, "info": {"fps": 25}}, b"result"),
        "file": ({"key": key, "info": {"fps": 25}, "file": beside}, b""),
    }
    for name, (header, body) in headers.items():
        text = json.dumps(header).encode()
        sizes = struct.pack("<IQQ", 1, len(text), len(body))
        write("cache_entry", name, b"CO2NETCE" + sizes + text + body)


def main():
    write_pickles("plain", plain_values())
    write_pickles("objects", objects(), range(2, 6))
    write_foreign()
    write_results()
    write_bundle()
    write_cache_entries()
    for write_more in (write_safetensors, write_numpy, write_torch):
        try:
            write_more()
        except ImportError as missing:
            print(f"{missing}: fewer seeds", file=sys.stderr)


main()
