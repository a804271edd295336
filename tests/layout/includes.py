#!/usr/bin/python3
"""Fails where a file sees a header that its target has no right to: one of another target, or of a
package, that the target neither links nor gets from what it links; and where a target is linked
with what it does without.

    includes.py TARGETS ROOT        TARGETS: as targets.cmake writes them

What a header includes counts for each target that sees it.
"""

import collections
import pathlib
import re
import sys

from rooms import WITHOUT, Targets, packages_of


def complaints_about(targets, name):
    """((file, line), what is wrong) of each include that the target should not see."""
    reach = targets.reach(name)
    left = list(targets.sources[name])
    seen = set(left)
    while left:
        file = left.pop()
        for line, kind, header in targets.includes(file):
            wrong = (wrong_header(targets, reach, header) if kind == '"'
                     else wrong_package(reach, header))
            if wrong:
                yield (file, line), f"{header}: {wrong}"
            inner = pathlib.Path(header)
            if kind == '"' and inner not in seen and (targets.root / inner).exists():
                seen.add(inner)
                left.append(inner)


def wrong_header(targets, reach, header):
    if not (targets.root / header).exists():
        return "no such file below the root"
    owners = targets.owners(pathlib.Path(header))
    if not owners:
        return "no target owns it; list it among the sources of one"
    if reach.isdisjoint(owners):
        return f"it belongs to {' and '.join(owners)}, which is not linked"
    return None


def wrong_package(reach, header):
    packages = packages_of(header)
    if packages is None:
        return "of an unknown package; add that to PACKAGES in tests/layout/rooms.py"
    if packages and reach.isdisjoint(packages):
        return f"of {packages[0]}, which is not linked"
    return None


def unwanted_links(targets):
    """What is wrong with each target that links what it does without."""
    for name in WITHOUT:
        if name not in targets.all:
            yield f"no target {name}: name what took its place in tests/layout/rooms.py"
        unwanted = [link for link in targets.linked(name) if re.fullmatch(WITHOUT[name], link)]
        if unwanted:
            yield f"{name} is linked with {', '.join(sorted(unwanted))}, which it does without"


def main():
    targets = Targets(*sys.argv[1:3])
    seen_by = collections.defaultdict(list)
    for name in targets.all:
        for complaint in complaints_about(targets, name):
            seen_by[complaint].append(name)
    for ((file, line), words), names in sorted(seen_by.items()):
        print(f"{file}:{line}: {words}; seen by {', '.join(names)}")
    unwanted = sorted(unwanted_links(targets))
    for words in unwanted:
        print(words)
    files = {file for sources in targets.sources.values() for file in sources}
    print(f"{len(files)} files of {len(targets.all)} targets, {len(seen_by) + len(unwanted)} complaints")
    # A test that looks at nothing says nothing.
    return 1 if seen_by or unwanted or not files else 0


if __name__ == "__main__":
    sys.exit(main())
