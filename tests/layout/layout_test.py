#!/usr/bin/python3
"""Shows that the layout tests fail where they should, in small trees made for that."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from rooms import WITHOUT

HERE = pathlib.Path(__file__).resolve().parent


def target(folder, sources, links=(), passes_on=(), kind="STATIC_LIBRARY"):
    return {"type": kind, "folder": folder, "sources": sources, "links": list(links),
            "passes_on": list(passes_on)}


class Layout(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.root = pathlib.Path(made.name)
        self.targets = {}
        for room in ["pipeline", "extractors", "localizer", "postprocess", "cli/workflows"]:
            (self.root / room).mkdir(parents=True)
        for name in WITHOUT:
            self.library(name, "extractors", {})
        self.library("base", "pipeline", {"base.h": "", "base.cpp": '#include "pipeline/base.h"\n'})

    def library(self, name, room, files, links=(), passes_on=()):
        for file, text in files.items():
            (self.root / room / file).write_text(text)
        sources = [file for file in files if file.endswith(".cpp")]
        self.targets[name] = target(str(self.root / room), sources, links, passes_on)

    def check(self, script):
        path = self.root / "targets.json"
        path.write_text(json.dumps(self.targets))
        return subprocess.run([sys.executable, HERE / script, path, self.root], text=True,
                              capture_output=True)

    def expect_accepted(self, script):
        checked = self.check(script)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def expect_refused(self, script, *words):
        checked = self.check(script)
        self.assertEqual(checked.returncode, 1, checked.stdout + checked.stderr)
        for word in words:
            self.assertIn(word, checked.stdout)

    def test_accepts_what_a_target_links_and_what_that_passes_on(self):
        self.library("flow", "extractors", {"flow.h": '#include "pipeline/base.h"\n',
                                            "flow.cpp": '#include "extractors/flow.h"\n'},
                     ["base"], ["base"])
        self.library("net", "localizer", {"net.cpp": '#include "extractors/flow.h"\n'
                                                     "#include <vector>\n#include <sys/stat.h>\n"},
                     ["flow"])
        self.expect_accepted("includes.py")

    def test_refuses_a_header_of_a_target_that_is_not_linked(self):
        self.library("flow", "extractors",
                     {"flow.cpp": '#include <vector>\n\n#include "pipeline/base.h"\n'})
        self.expect_refused("includes.py", "extractors/flow.cpp:3: pipeline/base.h", "base", "flow")

    def test_refuses_what_a_linked_target_keeps_to_itself(self):
        self.library("flow", "extractors", {"flow.h": "", "flow.cpp": ""}, ["base"],
                     ["$<LINK_ONLY:base>"])
        self.library("net", "localizer", {"net.cpp": '#include "pipeline/base.h"\n'}, ["flow"])
        self.expect_refused("includes.py", "localizer/net.cpp:1: pipeline/base.h")

    def test_refuses_a_header_that_shows_what_is_not_passed_on(self):
        self.library("flow", "extractors", {"flow.h": '#include "pipeline/base.h"\n', "flow.cpp": ""},
                     ["base"], ["$<LINK_ONLY:base>"])
        self.library("net", "localizer", {"net.cpp": '#include "extractors/flow.h"\n'}, ["flow"])
        self.expect_refused("includes.py", "extractors/flow.h:1: pipeline/base.h", "seen by net")

    def test_refuses_a_package_that_is_not_linked(self):
        self.library("flow", "extractors", {"flow.cpp": "#include <opencv2/core.hpp>\n"}, ["base"])
        self.expect_refused("includes.py", "extractors/flow.cpp:1: opencv2/core.hpp", "opencv_core")
        self.targets["flow"]["links"] += ["opencv_core"]
        self.expect_accepted("includes.py")

    def test_refuses_an_unknown_package_and_says_where_to_add_it(self):
        self.library("flow", "extractors", {"flow.cpp": "#include <eigen3/Eigen/Core>\n"})
        self.expect_refused("includes.py", "extractors/flow.cpp:1: eigen3/Eigen/Core", "PACKAGES")

    def test_refuses_a_header_that_nobody_owns(self):
        self.library("flow", "extractors", {"flow.cpp": '#include "extractors/shared.h"\n',
                                            "shared.h": ""})
        self.library("net", "extractors", {"net.cpp": ""})
        self.expect_refused("includes.py", "extractors/flow.cpp:1: extractors/shared.h", "no target")
        self.targets["flow"]["sources"].append("shared.h")
        self.expect_accepted("includes.py")

    def test_refuses_what_a_target_does_without_whatever_links_it(self):
        self.library("video", "extractors", {"video.cpp": ""}, ["/usr/lib/libopencv_core.so"],
                     ["$<LINK_ONLY:/usr/lib/libopencv_core.so>"])
        self.library("co2net_tvl1", "extractors", {"flow.cpp": ""}, ["video"])
        self.expect_refused("includes.py", "co2net_tvl1 is linked with opencv_core")
        self.targets["co2net_tvl1"]["links"] = ["base"]
        self.expect_accepted("includes.py")
        del self.targets["co2net_tvl1"]
        self.expect_refused("includes.py", "no target co2net_tvl1")

    def test_refuses_a_build_without_files(self):
        self.targets = {}
        self.expect_refused("includes.py")

    def test_accepts_rooms_that_know_no_options(self):
        self.expect_accepted("options.py")

    def test_refuses_options_in_a_room(self):
        self.library("flow", "extractors", {"flow.cpp": "\nvoid f(const po::variables_map&);\n"})
        self.expect_refused("options.py", "extractors/flow.cpp:2: ")

    def test_refuses_options_in_what_a_room_s_target_links(self):
        self.targets["base"]["links"].append("Boost::program_options")
        self.expect_refused("options.py", "pipeline/CMakeLists.txt", "base")


if __name__ == "__main__":
    unittest.main()
