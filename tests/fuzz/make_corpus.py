"""Writes small files of every format that co2net reads into folders: python_file and text.

Seeds for the fuzzers: python3 make_corpus.py FOLDER. numpy and torch are used where they are there.
"""

import collections
import json
import pathlib
import pickle
import sys


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


def write_pickles(folder, name, value):
    for protocol in range(6):
        (folder / f"{name}{protocol}.pkl").write_bytes(pickle.dumps(value, protocol))


class Unknown:
    def __getnewargs_ex__(self):
        return (), {"size": 1}

    def __new__(cls, **size):
        return super().__new__(cls)


def objects():
    return [Unknown(), {Unknown(): 1}, collections.defaultdict(Unknown, a=1), 2**100]


def write_safetensors(folder):
    sys.path.append(str(pathlib.Path(__file__).parent / "../python"))
    import safetensors_files

    tensors = {
        "weight": ("F32", [1, 2], bytes(8)),
        "bias": ("BF16", [1], bytes(2)),
        "none": ("I64", [0, 3], b""),
    }
    safetensors_files.write(folder / "network.safetensors", tensors, {"format": "pt"})


def write_foreign(folder):
    """What comes in the place of other files."""
    contents = {
        "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "page": b"\xef\xbb\xbf <!-- a --><?xml version='1.0'?><!DOCTYPE html><html>",
        "answer": b'{"message": "Not Found"}',
        "saved_model": b"\x08\x01\x12\x80\x01",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def write_numpy(folder):
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
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    np.savez(folder / "stored.npz", **arrays)
    np.savez_compressed(folder / "deflated.npz", **arrays)
    scalars = [np.float32(1.5), np.int8(-3), np.uint16(7), np.bool_(True), np.str_("s")]
    write_pickles(folder, "numpy", [objects, scalars])


def write_torch(folder):
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
    for protocol in (2, 4):
        torch.save(checkpoint, folder / f"torch{protocol}.pt", pickle_protocol=protocol)
        torch.save(
            checkpoint,
            folder / f"legacy{protocol}.pt",
            pickle_protocol=protocol,
            _use_new_zipfile_serialization=False,
        )
    torch.jit.script(torch.nn.Linear(2, 1)).save(str(folder / "script.pt"))

    torch.save(torch.nn.Linear(2, 1).state_dict(), folder / "network.pt")
    wrapped = torch.nn.DataParallel(torch.nn.Linear(2, 1)).state_dict()
    torch.save({"state_dict": wrapped}, folder / "wrapped.pt")
    compiled = {"_orig_mod." + name: tensor for name, tensor in wrapped.items()}
    torch.save({"args": Unknown(), "model": {"net": compiled}}, folder / "compiled.pt")


def write_texts(folder):
    segment = {"label": "run", "segment": [0, "1.5"]}
    video = {"subset": "test", "duration": 4.5, "labels": ["run"], "annotations": [segment]}
    proposal = {"label": "run", "score": 0.5, "segment": [0, 1.25]}
    texts = {
        "annotations": {
            "classes": ["jump", "run"],
            "ambiguous": {"v": [[0, 1]]},
            "database": {"v": video, "w": {**video, "annotations": []}},
        },
        "results": {
            "results": {"v": [proposal], "w": []},
            "videos": {"v": {"fps": 25, "duration": 4}},
            "recipe": {"stride": 16},
        },
        "line": {"id": "v", "segments": [proposal], "video": {"fps": 25}},
    }
    for name, content in texts.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / "ambiguous.txt").write_text("v 0.5 1.5\nw 2 3\n")
    (folder / "quoted.csv").write_text('video,label\r\nv,"a ""b"", c"\n')


def main():
    texts = pathlib.Path(sys.argv[1], "text")
    texts.mkdir(parents=True, exist_ok=True)
    write_texts(texts)
    folder = pathlib.Path(sys.argv[1], "python_file")
    folder.mkdir(parents=True, exist_ok=True)
    write_pickles(folder, "plain", plain_values())
    for protocol in range(2, 6):
        (folder / f"objects{protocol}.pkl").write_bytes(pickle.dumps(objects(), protocol))
    write_foreign(folder)
    for write in (write_safetensors, write_numpy, write_torch):
        try:
            write(folder)
        except ImportError as missing:
            print(f"{missing}: fewer seeds", file=sys.stderr)


main()
