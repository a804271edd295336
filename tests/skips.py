#!/usr/bin/python3
"""Names every test that was skipped, with its reason, as GoogleTest's own reports tell; fails where
one has another reason than tests/support.h allows, or where a test left no report.

    skips.py BUILD [CTEST-ARGUMENT...]      those that ctest got, where it ran only some of its tests
"""

import collections
import json
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree

SUPPORT = pathlib.Path(__file__).resolve().parent / "support.h"
REPORT = "--gtest_output=xml:"


def allowed_reasons(header=SUPPORT):
    """How an allowed reason begins."""
    return re.findall(r'inline constexpr const char\* k\w+ = "([^"]+)";', header.read_text())


def reports_wanted(build, ctest_arguments=()):
    """{ctest's name of a test: where its program writes its report}."""
    listing = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1", *ctest_arguments],
                             check=True, text=True, capture_output=True).stdout
    return {test["name"]: pathlib.Path(argument[len(REPORT):])
            for test in json.loads(listing)["tests"] for argument in test.get("command", [])
            if argument.startswith(REPORT)}


def skipped_in(report):
    """{name: reason} of the skipped tests of a report, and how many tests it tells of."""
    cases = list(xml.etree.ElementTree.parse(report).iter("testcase"))
    skipped = {}
    for case in cases:
        name = case.get("classname") + "." + case.get("name")
        element = case.find("skipped")
        if element is not None:
            # The first line is where in the source.
            skipped[name] = element.get("message", "").partition("\n")[2].strip()
        elif case.get("status") != "run":
            skipped[name] = "it was not run: " + str(case.get("status"))
    return skipped, len(cases)


def check(wanted, allowed):
    """The lines to print, and whether all is as it should be."""
    skipped_for, wrong = collections.defaultdict(list), []
    count = 0
    for name, report in wanted.items():
        try:
            skipped, cases = skipped_in(report)
        except (OSError, xml.etree.ElementTree.ParseError):
            wrong.append(f"{name} left no report: it did not end, or did not run")
            continue
        count += cases
        if cases == 0:
            wrong.append(f"{name} ran nothing")
        for case, reason in skipped.items():
            where = case if name.endswith(case) else f"{case} ({name})"
            skipped_for[reason].append(where)
            if not any(reason.startswith(start.strip()) for start in allowed):
                wrong.append(f"{where} has no right to be skipped for: {reason or 'no reason'}")
    if not wanted or not allowed:
        wrong.append("nothing to look at")

    lines = [f"{count} tests, {sum(map(len, skipped_for.values()))} skipped"]
    for reason, names in sorted(skipped_for.items()):
        lines += [f"  {reason}:"] + [f"    {name}" for name in sorted(names)]
    return lines + [f"WRONG: {words}" for words in wrong], not wrong


def main():
    lines, good = check(reports_wanted(sys.argv[1], sys.argv[2:]), allowed_reasons())
    print("\n".join(lines))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
