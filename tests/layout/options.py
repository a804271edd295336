#!/usr/bin/python3
"""Fails where the options of a command line are known outside the commands: in what the rooms below
say, or in what their targets link.

    options.py TARGETS ROOT         TARGETS: as targets.cmake writes them
"""

import pathlib
import re
import sys

from rooms import Targets

ROOMS = ["cli/workflows", "pipeline", "extractors", "localizer", "postprocess"]
OPTIONS = re.compile(r"variables_map|program_options")


def complaints_about(targets):
    for room in ROOMS:
        for file in sorted((targets.root / room).rglob("*")):
            if file.suffix in (".h", ".cpp", ".cmake") or file.name == "CMakeLists.txt":
                for number, line in enumerate(file.read_text().splitlines(), 1):
                    if OPTIONS.search(line):
                        yield f"{file.relative_to(targets.root)}:{number}: {line.strip()}"
    for name, sources in targets.sources.items():
        rooms = {room for room in ROOMS for source in sources if source.is_relative_to(room)}
        if rooms and "Boost::program_options" in targets.reach(name):
            where = pathlib.PurePath(targets.all[name]["folder"]).relative_to(targets.root)
            yield (f"{where}/CMakeLists.txt: {name}, of {' and '.join(sorted(rooms))}, "
                   "links Boost::program_options")


def main():
    targets = Targets(*sys.argv[1:3])
    for room in ROOMS:
        if not (targets.root / room).is_dir():
            print(f"no folder {room}: name the room that took its place in tests/layout/options.py")
            return 1
    complaints = list(complaints_about(targets))
    for words in complaints:
        print(words)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
