#!/usr/bin/python3
"""Shows that skips.py names what was skipped, and fails where it should."""

import pathlib
import tempfile
import unittest

import skips

RUN = '<testcase name="Adds" status="run" result="completed" classname="Sum" />'
FAILED = '<testcase name="Adds" status="run" result="completed" classname="Sum"><failure/></testcase>'


def skipped(reason):
    return ('<testcase name="Big" status="run" result="skipped" classname="Sum">'
            f'<skipped message="a_test.cpp:7&#x0A;{reason}"/></testcase>')


class Skips(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.report = pathlib.Path(made.name) / "report.xml"

    def check(self, cases, test="Sum.Big", allowed=("no GPU", "no OpenCL device", "no ../shared: ")):
        self.report.write_text(f'<testsuites><testsuite name="Sum">{cases}</testsuite></testsuites>')
        lines, good = skips.check({test: self.report}, allowed)
        return "\n".join(lines), good

    def test_names_a_skipped_test_with_its_reason(self):
        text, good = self.check(RUN + skipped("no ../shared: data is absent"))
        self.assertTrue(good, text)
        self.assertIn("2 tests, 1 skipped\n  no ../shared: data is absent:\n    Sum.Big", text)

    def test_names_the_program_where_ctest_runs_it_as_a_whole(self):
        text, _ = self.check(skipped("no GPU"), "sum_tests.0")
        self.assertIn("    Sum.Big (sum_tests.0)", text)

    def test_refuses_another_reason(self):
        text, good = self.check(skipped("no numpy"))
        self.assertFalse(good)
        self.assertIn("Sum.Big has no right to be skipped for: no numpy", text)

    def test_refuses_a_skip_without_a_reason(self):
        self.assertFalse(self.check(skipped(""))[1])

    def test_refuses_a_test_that_was_not_run(self):
        self.assertFalse(self.check(RUN.replace('"run"', '"notrun"'))[1])

    def test_leaves_failures_to_ctest(self):
        self.assertTrue(self.check(FAILED)[1])

    def test_refuses_a_report_without_tests(self):
        self.assertFalse(self.check("")[1])

    def test_refuses_a_program_that_left_no_report_or_half_of_one(self):
        self.assertFalse(skips.check({"Sum.Big": self.report}, ["no GPU"])[1])
        self.report.write_text("<testsuites><testsuite>")
        self.assertFalse(skips.check({"Sum.Big": self.report}, ["no GPU"])[1])

    def test_refuses_to_look_at_nothing(self):
        self.assertFalse(skips.check({}, ["no GPU"])[1])

    def test_finds_the_allowed_reasons_where_the_tests_have_them(self):
        self.assertEqual(skips.allowed_reasons(),
                         ["no GPU", "no OpenCL device", "no ../shared: ", "this machine lacks ", "no PyPI",
                          "not root"])


if __name__ == "__main__":
    unittest.main()
