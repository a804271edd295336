"""How far two folders of flow (--save flo) are apart, for flow_distance.sh.

    flow_distance.py NAME FOLDER OTHER
"""
import pathlib
import sys

import numpy

BOUND = 20


def read(path):
    content = path.read_bytes()
    width, height = numpy.frombuffer(content, "<i4", 2, 4)
    return numpy.frombuffer(content, "<f4", offset=12).reshape(height, width, 2)


def quantised(flow):
    return numpy.rint((numpy.clip(flow, -BOUND, BOUND) + BOUND) * (255 / (2 * BOUND)))


name, *folders = sys.argv[1:]
pairs = [sorted(pathlib.Path(folder).rglob("*.flo")) for folder in folders]
if not pairs[0] or len(pairs[0]) != len(pairs[1]):
    sys.exit(f"{folders}: {len(pairs[0])} and {len(pairs[1])} flow files")
errors, changed = [], []
for flow, other in (map(read, pair) for pair in zip(*pairs)):
    errors.append(numpy.linalg.norm(flow - other, axis=2).mean())
    changed.append((quantised(flow) != quantised(other)).mean())
print(f"{name}: of {len(errors)} pairs, the median of the mean end-point error {numpy.median(errors):.4f} pixels "
      f"(the largest {max(errors):.4f}), of the bytes changed {100 * numpy.median(changed):.1f}%")
