"""Files of Python data as numpy and torch write them, and what is in them: for the test of their reader.

    checkpoints.py FOLDER

writes the files, and expected.txt: "FILE\\terror\\tWORDS" for what must be refused, else a line
"FILE\\tPLACE\\tVALUE" for each value that holds no others. PLACE is the keys and indices that lead
there; VALUE is, for an array, its dtype, shape, and in hexadecimal its elements and these as float32
("-" where they are no real numbers), little-endian and in C order.
"""

import argparse
import collections
import datetime
import enum
import functools
import os
import pathlib
import pickle
import struct
import sys
import types

import numpy
import torch

import safetensors_files

PROTOCOLS = range(6)
EXPECTED = []


# What the reader must find.


class Opaque:
    """Stands for an object of a class that the reader does not know, or of that name."""

    def __init__(self, value):
        if isinstance(value, str):
            self.name = value
            return
        kind = value if isinstance(value, type) else type(value)
        self.name = f"{kind.__module__}.{kind.__qualname__}"


def code_of(dtype):
    return dtype.newbyteorder("=").str.lstrip("<>|=") if dtype.kind != "b" else "b1"


def array_text(code, shape, elements, as_float32):
    return f"{code} {list(shape)} {elements.hex()} {as_float32.hex() if as_float32 is not None else '-'}"


def numpy_text(array):
    little = numpy.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
    is_real = array.dtype.kind in "fiub"
    return array_text(code_of(array.dtype), array.shape, little.tobytes(),
                      little.astype("<f4").tobytes() if is_real else None)


def torch_text(tensor):
    tensor = tensor.detach().contiguous()
    if tensor.dtype == torch.bfloat16:
        return array_text("bf2", tensor.shape, tensor.view(torch.int16).numpy().tobytes(),
                          tensor.float().numpy().tobytes())
    return numpy_text(tensor.numpy())


def expect(file, value, place=""):
    if isinstance(value, dict):
        for key, item in value.items():
            expect(file, item, f"{place}/{key}")
    elif isinstance(value, (list, tuple, set, frozenset)):
        for index, item in enumerate(value):
            expect(file, item, f"{place}/{index}")
    elif isinstance(value, numpy.ndarray) and value.dtype == object:
        expect(file, list(value.ravel()), place)
    else:
        EXPECTED.append(f"{file}\t{place}\t{text_of(value)}")


def text_of(value):
    if isinstance(value, numpy.ndarray):
        return numpy_text(value)
    if isinstance(value, torch.Tensor):
        return torch_text(value)
    if isinstance(value, Opaque):
        return f"opaque {value.name}"
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, numpy.integer)):
        if int(value) >= 2**63:
            return "opaque an integer beyond int64"
        return f"int {int(value)}"
    if isinstance(value, numpy.complexfloating):
        return f"opaque a numpy scalar of dtype {code_of(value.dtype)}"
    if isinstance(value, (float, numpy.floating)):
        return "float " + struct.pack("<d", float(value)).hex()
    return "text " + (value.encode() if isinstance(value, str) else bytes(value)).hex()


def expect_error(file, words):
    EXPECTED.append(f"{file}\terror\t{words}")


# numpy.


def number_arrays():
    values = numpy.arange(24) - 5
    return {code: values.astype(code).reshape(2, 3, 4)
            for code in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "c8", "c16")}


def laid_out(array):
    """The same array in every way that its elements may lie in memory, and its parts."""
    return {
        "c": array,
        "fortran": numpy.asfortranarray(array),
        "permuted": numpy.ascontiguousarray(array.transpose(1, 2, 0)).transpose(2, 0, 1),
        "turned": array.transpose(2, 0, 1),
        "part": array[1:, ::2, 1:3],
        "backwards": array[::-1, :, ::-1],
        "repeated": numpy.broadcast_to(array[0, 0], (2, 4)),
        "row": array[0, 0],
        "scalar": array[0, 0, 0],
        "0-d": numpy.array(array[0, 0, 0]),
        "empty": array[:, :0],
        "empty fortran": numpy.asfortranarray(array[:, :0]),
        "big-endian": array.astype(array.dtype.newbyteorder(">")),
        "big-endian fortran": numpy.asfortranarray(array.astype(array.dtype.newbyteorder(">"))),
    }


def numpy_values():
    values = {code: laid_out(array) for code, array in number_arrays().items()}
    values["special"] = numpy.array([0.0, -0.0, numpy.inf, -numpy.inf, 1e-40, 65504, 1e300])
    values["bool"] = numpy.array([[True, False], [False, True]])
    values["text"] = [numpy.array(["a", "\u00e9\u4e2d"]), numpy.array([b"xyz", b""]), numpy.str_("t")]
    objects = numpy.empty((2, 2), dtype=object)
    objects[:] = [[1, "b"], [None, 2.5]]
    objects[1, 0] = numpy.arange(3)
    values["objects"] = objects
    return values


class OrderK:
    """An array that is pickled as numpy 2.3 and newer do those of permuted axes, whatever numpy this is."""

    def __init__(self, array):
        self.array = array

    def __reduce__(self):
        axes = sorted(range(self.array.ndim), key=lambda i: -self.array.strides[i])
        in_memory = self.array.transpose(axes)
        assert in_memory.flags.c_contiguous
        return (frombuffer_of_numpy_2(), (in_memory.tobytes(), self.array.dtype, in_memory.shape, "K",
                                          tuple(int(i) for i in numpy.argsort(axes))))


def frombuffer_of_numpy_2():
    module = types.ModuleType("numpy._core.numeric")

    def _frombuffer():
        pass

    _frombuffer.__module__, _frombuffer.__qualname__ = module.__name__, "_frombuffer"
    module._frombuffer = _frombuffer
    return sys.modules.setdefault(module.__name__, module)._frombuffer


def write_permuted(folder):
    array = numpy.arange(2 * 3 * 4 * 5, dtype="f4").reshape(2, 3, 4, 5)
    permuted = {str(axes): numpy.ascontiguousarray(array).transpose(axes)
                for axes in ((1, 0, 2, 3), (1, 2, 0, 3), (3, 0, 1, 2), (2, 3, 1, 0), (0, 1, 2, 3))}
    permuted["i8"] = array.astype("i8").transpose(1, 2, 3, 0)
    permuted["big-endian"] = array.astype(">f8").transpose(2, 0, 3, 1)
    write_pickles(folder, "order_k", {k: OrderK(v) for k, v in permuted.items()}, permuted)


def write_numpy(folder):
    values = numpy_values()
    write_pickles(folder, "numpy", values, values)
    for code, arrays in values.items():
        if not isinstance(arrays, dict):
            continue
        for name, array in arrays.items():
            file = f"{code} {name}.npy"
            numpy.save(folder / file, array)
            expect(file, numpy.asarray(array))
        numpy.savez(folder / f"{code}.npz", **arrays)
        numpy.savez_compressed(folder / f"{code} deflated.npz", **arrays)
        for file in (f"{code}.npz", f"{code} deflated.npz"):
            expect(file, {name: numpy.asarray(array) for name, array in arrays.items()})
    write_pickles(folder, "matrix", numpy.matrix([[1.0]]), Opaque(numpy.matrix))
    structured = numpy.zeros(2, dtype=[("a", "f4"), ("b", "i8", (2,))])
    dates = numpy.array(["2020-01-01", "2020-01-02"], dtype="M8[D]")
    others = {"V20": [structured, structured[0], structured.dtype], "M8": [dates, dates[0], dates.dtype],
              "m8": [dates - dates[0], dates[1] - dates[0]]}
    weights = numpy.arange(6, dtype="f4").reshape(2, 3)
    write_pickles(folder, "other dtypes", {**others, "record": structured.view(numpy.recarray), "w": weights},
                  {**{code: [Opaque(f"numpy's dtype {code}")] * len(values) for code, values in others.items()},
                   "record": Opaque(numpy.recarray), "w": weights})
    with open(folder / "outside.pkl", "wb") as file:
        pickle.dump(number_arrays(), file, protocol=5, buffer_callback=[].append)
    expect_error("outside.pkl", "its buffers are outside of it")


# Objects beside arrays.


class Colour(enum.Enum):
    RED = 1


class Plain:
    def __init__(self):
        self.array = numpy.arange(3)


class Slotted:
    __slots__ = ("a",)

    def __init__(self):
        self.a = 1


class WithKeywords:
    def __new__(cls, *, size):
        return super().__new__(cls)

    def __getnewargs_ex__(self):
        return (), {"size": 3}


class Listed(list):
    pass


class Mapped(dict):
    pass


def objects():
    """Objects of unknown classes, some of which hold others, are keys, or hold arrays."""
    return {
        "namespace": argparse.Namespace(lr=5e-5, save=pathlib.PurePosixPath("ckpt")),
        "path": pathlib.PurePosixPath("a/b"),
        "time": datetime.datetime(2020, 1, 2, 3),
        "enum": Colour.RED,
        "plain": Plain(),
        "list": Listed([1, numpy.arange(2), 3]),
        "dict": Mapped(a=numpy.arange(2)),
        "simple": types.SimpleNamespace(a=1),
        "deque": collections.deque([1, 2], maxlen=3),
        "partial": functools.partial(print, 1),
        "complex": 1 + 2j,
        "class": Plain,
    }


def write_objects(folder):
    weights = {"w": numpy.arange(6, dtype="f4").reshape(2, 3).T, "lr": 0.5}
    for protocol in PROTOCOLS:
        beside = objects()
        if protocol >= 2:
            beside["slotted"] = Slotted()
        if protocol >= 4:
            beside["keywords"] = WithKeywords(size=3)
        value = {**beside, "weights": weights, "list of them": [Plain(), 1], "seed": 2**200}
        opaque = {name: Opaque(item) for name, item in beside.items()}
        want = {**opaque, "weights": weights, "list of them": [Opaque(Plain), 1], "seed": 2**200}
        file = f"objects{protocol}.pkl"
        write(folder / file, pickle.dumps(value, protocol))
        expect(file, want)
    plain = {"default": collections.defaultdict(Plain, {"a": 1}), "ordered": collections.OrderedDict(b=2),
             "frozen": frozenset([3]), "bytes": [b"\0\xff", bytearray(b"\xfe")], "wide": [2**63 - 1, -(2**63)]}
    write_pickles(folder, "plain", plain, plain)


# torch.


def tensors():
    values = torch.arange(120) - 20
    found = {}
    for dtype in (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int8, torch.int16,
                  torch.int32, torch.int64, torch.uint8, torch.bool, torch.complex64, torch.complex128):
        tensor = values.to(dtype).reshape(2, 3, 4, 5)
        found[str(dtype)] = {
            "whole": tensor,
            "turned": tensor.transpose(1, 3),
            "permuted": tensor.permute(2, 0, 3, 1),
            "channels last": tensor.contiguous(memory_format=torch.channels_last),
            "part": tensor[1:, ::2, 1:3, 4],
            "same storage": tensor.view(-1)[7:19],
            "repeated": tensor[0, 0, 0, :1].expand(3, 5),
            "0-d": tensor[1, 2, 3, 4],
            "new 0-d": tensor[1, 2, 3, 4].clone(),
            "empty": tensor[:, :0],
            "new empty": torch.empty(0, 3, dtype=dtype),
        }
    linear = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    found["state"] = linear.state_dict()
    found["parameters"] = list(linear.parameters())
    found["nested"] = [(linear[0].weight.data, {"a": [torch.ones(2)]}), collections.OrderedDict(b=torch.ones(1))]
    return found


def write_torch(folder):
    value = tensors()
    beside = {"args": argparse.Namespace(lr=1), "path": pathlib.PurePosixPath("a"),
              "sparse": torch.eye(2).to_sparse()}
    opaque = {"args": Opaque(beside["args"]), "path": Opaque(beside["path"])}
    for is_zip in (False, True):
        for protocol in PROTOCOLS:
            file = f"{'zip' if is_zip else 'stream'}{protocol}.pt"
            torch.save({**beside, **value}, folder / file, pickle_protocol=protocol,
                       _use_new_zipfile_serialization=is_zip)
            if protocol == 0:  # torch cannot read it either
                expect_error(file, "a torch storage expected, got persistent object ('storage'")
                continue
            expect(file, {**opaque, **value})
            EXPECTED.append(f"{file}\t/sparse\topaque torch._utils._rebuild_sparse_tensor")
    write_pickles(folder, "tensors", {**value, "args": beside["args"]}, {**value, "args": opaque["args"]})
    quantized = {"q": torch.quantize_per_tensor(torch.ones(2), 0.5, 0, torch.qint8), "a": torch.ones(2)}
    torch.save(quantized, folder / "quantized.pt")
    torch.save(quantized, folder / "quantized stream.pt", _use_new_zipfile_serialization=False)
    expect_error("quantized stream.pt", "torch.QInt8Storage, which is not read")
    expect("quantized.pt", {"a": torch.ones(2)})
    EXPECTED.append("quantized.pt\t/q\topaque torch._utils._rebuild_qtensor")
    torch.save(torch.nn.Linear(2, 3), folder / "module.pt")
    expect("module.pt", Opaque(torch.nn.Linear))
    torch.save(torch.nn.Linear(2, 3), folder / "module stream.pt", _use_new_zipfile_serialization=False)
    expect("module stream.pt", Opaque(torch.nn.Linear))


def write_safetensors(folder):
    arrays = {code: (numpy.arange(6) % 5).reshape(2, 3).astype(dtype)
              for code, dtype in safetensors_files.CODES.items()}
    arrays.update({"0-d": numpy.array(2.5, "<f4"), "empty": numpy.zeros((0, 3), "<f4")})
    bfloat16 = torch.arange(6).reshape(2, 3).bfloat16()
    elements = bfloat16.view(torch.int16).numpy().tobytes()
    metadata = {"format": "pt"}
    safetensors_files.write(folder / "numbers.safetensors", {**arrays, "bfloat16": ("BF16", (2, 3), elements)},
                            metadata)
    expect("numbers.safetensors", {"__metadata__": metadata, **arrays, "bfloat16": bfloat16})


def write(path, content):
    path.write_bytes(content)


def write_pickles(folder, name, value, want):
    for protocol in PROTOCOLS:
        file = f"{name}{protocol}.pkl"
        write(folder / file, pickle.dumps(value, protocol))
        expect(file, want)


def main():
    folder = pathlib.Path(sys.argv[1])
    os.makedirs(folder, exist_ok=True)
    torch.manual_seed(1)
    numpy.seterr(over="ignore")  # float64 beyond float32 is infinite
    for write_kind in (write_numpy, write_permuted, write_objects, write_torch, write_safetensors):
        write_kind(folder)
    write(folder / "expected.txt", "".join(line + "\n" for line in EXPECTED).encode())


main()
