"""Writes and reads .safetensors files as their specification says; no package of Debian's does."""

import json
import struct

import numpy

CODES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
         "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1"}


def parts_of(array):
    """The code, shape and bytes of a numpy array; what numpy has no dtype for comes as these."""
    if isinstance(array, tuple):
        return array
    code = next(code for code, dtype in CODES.items() if dtype == array.dtype.str)
    return code, array.shape, array.tobytes()


def write(path, arrays, metadata=None):
    header, data = {"__metadata__": metadata} if metadata else {}, b""
    for name, array in arrays.items():
        code, shape, elements = parts_of(array)
        ends = [len(data), len(data) + len(elements)]
        header[name] = {"dtype": code, "shape": list(shape), "data_offsets": ends}
        data += elements
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def read(path):
    with open(path, "rb") as file:
        content = file.read()
    data_at = 8 + struct.unpack("<Q", content[:8])[0]
    arrays = {}
    for name, tensor in json.loads(content[8:data_at]).items():
        if name != "__metadata__":
            begin, end = tensor["data_offsets"]
            elements = numpy.frombuffer(content[data_at + begin:data_at + end], CODES[tensor["dtype"]])
            arrays[name] = elements.reshape(tensor["shape"])
    return arrays
