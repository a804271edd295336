"""The page of 'co2net report', as a person uses it."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import numpy
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from browser import (PHONE, address, co2net, open_browser, page_errors, page_width, set_screen,
                     take_pictures)

DURATION = 12.8
TEXT_AS_MARKUP = "<img src=x onerror=document.title=1>"
SLOWEST_S = 30  # what opening a list may take on the busiest machine; the time is printed


def segment(label, score, start, end):
    return {"label": label, "score": score, "segment": [start, end]}


FINAL = [segment("run", 0.9, 1, 4), segment("run", 0.6, 6, 9), segment("jump", 0.4, 2, 3)]
CANDIDATES = FINAL + [segment("run", 0.3, 1, 9), segment("jump", 0.2, 10, 12)]


def results(ids, candidates, final):
    return {"results": {id: candidates for id in ids}, "final": {id: final for id in ids},
            "videos": {id: {"path": "clip.mp4", "duration": DURATION, "fps": 25} for id in ids},
            "recipe": {"stride": 16}}


def write_json(path, document):
    path.write_text(json.dumps(document))


def draw_clip(path):
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i",
                    f"testsrc=duration={DURATION}:size=320x180:rate=25", "-pix_fmt", "yuv420p", path],
                   check=True)


def write_report(folder):
    """Three videos with everything that a report can have; returns the page."""
    draw_clip(folder / "clip.mp4")
    document = results(["clip", "second"], CANDIDATES, FINAL)
    document["results"][TEXT_AS_MARKUP] = document["final"][TEXT_AS_MARKUP] = [
        segment(TEXT_AS_MARKUP, 0.5, 0, 1)]
    write_json(folder / "results.json", document)
    write_json(folder / "other.json", results(["clip"], FINAL[:1], FINAL[:1]))
    write_json(folder / "truth.json", {"database": {"clip": {
        "subset": "test", "duration": DURATION,
        "annotations": [{"label": "run", "segment": [1.5, 4.5]}]}}})
    (folder / "scores").mkdir()
    wave = numpy.abs(numpy.sin(numpy.arange(20, dtype="float32")))
    numpy.savez(folder / "scores/clip.npz", cas=numpy.stack([wave, 1 - wave, 0 * wave], axis=1),
                attn=wave, attn_rgb=wave / 2, attn_flow=1 - wave)
    co2net("report", folder / "results.json", "--compare", folder / "other.json",
           "--ground-truth", folder / "truth.json", "--scores", folder / "scores",
           "-o", folder / "page")
    return folder / "page/index.html"


LONG_LABEL = "a label that is far longer than what stands beside a lane"


def write_odd_report(folder):
    """Of videos that lack something: 'failed', 'theirs', which only the other file has, 'unknown', of which nothing says how
    long it is, and 'probed', of which only its own file does. Returns the page."""
    document = results(["unknown", "probed"], CANDIDATES, FINAL)
    document["videos"] = {"unknown": {"path": "gone/away.mp4"}, "probed": {"path": "clip.mp4"}}
    document["errors"] = {"failed": {"stage": "decode", "message": "no frame"}}
    write_json(folder / "odd.json", document)
    write_json(folder / "odd_other.json", {"results": {id: [segment("dance", 0.5, 1, 2)] for id in ["unknown", "theirs"]}})
    write_json(folder / "odd_truth.json", {"database": {"unknown": {
        "subset": "test", "annotations": [{"label": LONG_LABEL, "segment": [1, 4]}]}}})
    co2net("report", folder / "odd.json", "--compare", folder / "odd_other.json",
           "--ground-truth", folder / "odd_truth.json", "-o", folder / "odd")
    return folder / "odd/index.html"


class ReportPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name)
        cls.page = write_report(cls.path)
        cls.odd_page = write_odd_report(cls.path)
        cls.browser = open_browser(cls.path / "downloads")

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()
        cls.folder.cleanup()

    def setUp(self):
        self.browser.get(address(self.page))
        self.browser.execute_script("localStorage.clear()")
        self.browser.get("about:blank")

    def tearDown(self):
        self.assertEqual(page_errors(self.browser), [])

    def open(self, fragment="#video=clip", page=None):
        self.browser.get(address(page or self.page, fragment))
        if fragment:
            self.wait(lambda: self.one("#view").is_displayed())

    def wait(self, condition):
        return WebDriverWait(self.browser, 20).until(lambda _: condition())

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def press(self, *keys):
        ActionChains(self.browser).send_keys(*keys).perform()

    def moment(self):
        return float(self.one("#ruler").get_attribute("aria-valuenow"))

    def video_moment(self):
        return self.browser.execute_script("return document.querySelector('video').currentTime")

    def found(self):
        """What our bars say, at once: they may be drawn anew at any time."""
        return self.browser.execute_script(
            "return [...document.querySelectorAll('#lanes .found .segment')].map((bar) => bar.ariaLabel)")

    def save(self):
        """The saved corrections' file."""
        file = self.path / "downloads/corrections.json"
        file.unlink(missing_ok=True)
        self.one("#save").click()
        self.wait(file.exists)
        return file

    def saved_segments(self, id="clip"):
        return [found["segment"] for found in json.loads(self.save().read_text())["database"][id]["annotations"]]

    def move_end(self, to):
        """Of the chosen segment."""
        field = self.one("#bound-end")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(to, Keys.TAB)

    def second_window(self):
        """Opens it for the rest of the test, and returns its handle after the first one's."""
        first = self.browser.current_window_handle
        self.browser.switch_to.new_window("window")
        second = self.browser.current_window_handle
        for undo in [(self.browser.switch_to.window, first), (self.browser.close,), (self.browser.switch_to.window, second)]:
            self.addCleanup(*undo)
        return first, second

    def store(self, key, value):
        self.browser.execute_script("localStorage.setItem(...arguments)", key, json.dumps(value))

    def test_shows_final_segments_truth_the_other_file_and_scores(self):
        self.open()
        self.assertEqual(len(self.found()), len(FINAL))
        self.assertEqual(len(self.all("#lanes .truth .segment")), 1)
        self.assertEqual(len(self.all("#lanes .other .segment")), 1)
        self.assertEqual(len(self.all("#scores polyline")), 3)
        self.assertEqual(len(self.all("#scores canvas")), 1)

    def test_the_slider_reaches_from_nothing_to_every_distinct_candidate(self):
        self.open()
        slider = self.one("#shown")
        slider.send_keys(Keys.ARROW_RIGHT)
        self.assertEqual(len(self.found()), len(FINAL) + 1)
        slider.send_keys(Keys.END)
        self.assertEqual(len(self.found()), len(CANDIDATES))
        slider.send_keys(Keys.HOME)
        self.assertEqual(self.found(), [])

    def test_only_the_best_of_a_class_are_shown_where_asked(self):
        self.open()
        Select(self.one("#per-class")).select_by_value("1")
        self.assertEqual(len(self.found()), 2)

    def test_a_click_on_the_time_axis_seeks(self):
        self.open()
        self.wait(lambda: self.browser.execute_script(
            "return document.querySelector('video').readyState") > 0)
        ActionChains(self.browser).move_to_element(self.one("#ruler")).click().perform()
        self.assertAlmostEqual(self.moment(), DURATION / 2, delta=0.1)
        self.wait(lambda: abs(self.video_moment() - DURATION / 2) < 0.1)
        self.wait(lambda: f"&t={self.moment():.2f}" in self.browser.current_url)
        self.assertIn("run", self.one("#now").text)

    def test_dragging_seeks(self):
        self.open()
        width = self.one("#ruler").size["width"]
        ActionChains(self.browser).move_to_element(self.one("#ruler")).click_and_hold() \
            .move_by_offset(width // 4, 0).release().perform()
        self.assertAlmostEqual(self.moment(), DURATION * 3 / 4, delta=0.1)

    def test_a_click_on_a_segment_plays_from_its_start_and_marks_it(self):
        self.open()
        self.all("#lanes .found .segment")[1].click()
        self.assertAlmostEqual(self.moment(), 6, delta=0.05)
        self.assertIn("playing", self.all("#lanes .found .segment")[1].get_attribute("class"))

    def test_arrow_keys_seek(self):
        self.open("#video=clip&t=5")
        self.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
        self.assertAlmostEqual(self.moment(), 6, delta=0.05)
        ActionChains(self.browser).key_down(Keys.SHIFT).send_keys(Keys.ARROW_RIGHT) \
            .key_up(Keys.SHIFT).perform()
        self.assertAlmostEqual(self.moment(), 6.1, delta=0.05)

    def test_an_address_opens_a_video_at_a_moment(self):
        self.open("#video=second&t=7.5")
        self.assertEqual(self.one("#title").text, "second")
        self.assertAlmostEqual(self.moment(), 7.5)

    def test_keys_open_the_videos_beside(self):
        self.open("#video=second")
        self.press("p")
        self.wait(lambda: self.one("#title").text == "clip")
        self.press("n")
        self.wait(lambda: self.one("#title").text == "second")

    def test_zooming_widens_the_time_axis(self):
        self.open()
        before = self.one("#track").size["width"]
        self.one("#zoom-in").click()
        self.assertAlmostEqual(self.one("#track").size["width"], 2 * before, delta=2)

    def test_the_list_is_filtered_searched_and_sorted(self):
        self.open("")
        self.assertEqual(len(self.all("#videos li")), 3)
        Select(self.one("#class-filter")).select_by_visible_text("jump")
        self.assertEqual(len(self.all("#videos li")), 2)
        self.one("#search").send_keys("sec")
        self.assertEqual(self.one("#videos .name").text, "second")
        self.one("#search").clear()
        self.one("#search").send_keys("c")
        Select(self.one("#class-filter")).select_by_index(0)
        Select(self.one("#sort")).select_by_visible_text("lowest score")
        self.assertEqual(self.one("#videos .name").text, TEXT_AS_MARKUP)

    def test_text_of_files_is_shown_as_text(self):
        self.open("")
        self.press(Keys.TAB)
        self.all("#videos a")[2].click()
        self.wait(lambda: self.one("#title").text == TEXT_AS_MARKUP)
        self.assertIn(TEXT_AS_MARKUP, self.found()[0])
        self.assertEqual(self.browser.title, "co2net report")

    def test_corrections_are_saved_as_ground_truth_that_eval_reads(self):
        self.open()
        self.all("#lanes .found .segment")[0].click()
        self.one("#mark-right").click()
        self.all("#lanes .found .segment")[1].click()
        self.move_end("9.5")
        self.wait(lambda: self.all("#lanes .found .moved"))
        self.assertEqual(self.browser.switch_to.active_element.get_attribute("id"), "here-end")
        jump = self.one("#lanes .segment[aria-label^='jump']")
        jump.click()
        self.press("w")
        saved = json.loads(self.save().read_text())
        self.assertEqual(saved["database"]["clip"]["annotations"],
                         [{"label": "run", "segment": [1, 4]}, {"label": "run", "segment": [6, 9.5]}])
        figures = json.loads(co2net(
            "eval", self.path / "results.json", "--ground-truth", self.path / "downloads/corrections.json",
            "--ignore-unknown-videos", "--tiou", "0.5:0.4:0.9", "--json", "--log-level", "error"))
        self.assertEqual(figures["per_class"].keys(), {"run"})
        self.assertEqual(figures["mAP"][0], 1)
        self.assertLess(figures["mAP"][1], 1)

    def test_corrections_outlast_the_page(self):
        self.open()
        self.all("#lanes .found .segment")[0].click()
        self.one("#mark-wrong").click()
        self.browser.refresh()
        self.wait(lambda: self.all("#lanes .found .wrong"))
        self.assertIn("1 video", self.one("#save").text)

    def test_a_candidate_counts_once_it_is_marked_right(self):
        self.open()
        self.one("#shown").send_keys(Keys.END)
        self.one("#lanes .found .candidate").click()
        self.one("#mark-right").click()
        saved = json.loads(self.save().read_text())
        self.assertEqual(len(saved["database"]["clip"]["annotations"]), len(FINAL) + 1)

    def test_a_moved_boundary_stays_whatever_else_is_said_of_the_segment(self):
        self.open()
        self.all("#lanes .found .segment")[1].click()
        self.move_end("9.5")
        self.wait(lambda: "marked moved" in self.found()[1])
        self.one("#mark-right").click()
        self.assertIn("marked right and moved", self.found()[1])
        self.assertIn([6, 9.5], self.saved_segments())
        self.one("#mark-right").click()
        self.press("r")
        self.assertIn([6, 9.5], self.saved_segments())
        self.press("w")
        self.assertEqual(len(self.saved_segments()), len(FINAL) - 1)
        self.one("#mark-wrong").click()
        self.move_end("9")
        self.wait(lambda: "marked" not in self.found()[1])

    def test_marks_of_the_earlier_form_are_read(self):
        self.open()
        key = "co2net-report-" + self.browser.execute_script("return app.report.key")
        marks = [[json.dumps(["run", 6, 9], separators=(",", ":")), {"verdict": "moved", "start": 6, "end": 9.5}]]
        self.store(key, [["clip", {"checked": True, "marks": marks}]])
        self.browser.refresh()
        self.wait(lambda: self.all("#lanes .found .moved"))
        self.assertIn([6, 9.5], self.saved_segments())

    def test_what_else_lies_in_the_store_is_passed_over(self):
        self.open()
        key = "co2net-report-" + self.browser.execute_script("return app.report.key")
        for stored in [{}, 1, None, "x", [1, [2, 3], ["clip", 4]], [["clip", {"checked": 1, "marks": 2}]],
                       {"checked": True, "marks": [[1, 2], ["x", None], ["y", {"start": 3, "end": 1}]]}]:
            for place in [key, key + ":clip"]:
                self.store(place, stored)
                self.browser.refresh()
                self.wait(lambda: self.found())
                self.assertEqual(self.all("#lanes .found :is(.right, .wrong, .moved)"), [], stored)

    def test_two_windows_keep_what_each_of_them_is_told(self):
        self.open("#video=clip")
        first, second = self.second_window()
        self.open("#video=second")
        for window, bar in [(first, 0), (second, 1), (first, 2)]:
            self.browser.switch_to.window(window)
            self.all("#lanes .found .segment")[bar].click()
            self.one("#mark-wrong").click()
        self.wait(lambda: "2 videos" in self.one("#save").text)
        self.browser.refresh()
        self.wait(lambda: len(self.all("#lanes .found .wrong")) == 2)
        self.assertIn("2 videos", self.one("#save").text)
        self.browser.switch_to.window(second)
        self.wait(lambda: "2 videos" in self.one("#save").text)

    def test_two_windows_of_one_video_show_each_others_marks(self):
        self.open()
        first, second = self.second_window()
        self.open()
        self.all("#lanes .found .segment")[0].click()
        self.one("#mark-wrong").click()
        self.browser.switch_to.window(first)
        self.wait(lambda: len(self.all("#lanes .found .wrong")) == 1)
        self.browser.switch_to.window(second)

    def test_nothing_is_said_of_videos_that_nobody_analysed(self):
        for id, why in [("failed", "failed"), ("theirs", "odd.json does not have this video")]:
            self.open("#video=" + id, self.odd_page)
            self.assertFalse(self.one("#checked").is_enabled())
            self.assertIn(why, self.one("#inspector").text)
            key = self.browser.execute_script("return storageKey(arguments[0])", id)
            self.store(key, {"checked": True, "marks": []})
            self.browser.refresh()
            self.wait(lambda: self.one("#view").is_displayed())
            self.assertFalse(self.one("#checked").is_selected())
            self.assertFalse(self.one("#save").is_enabled())

    def test_an_unknown_length_is_no_number_in_what_is_saved_and_eval_takes_that(self):
        self.open("#video=unknown", self.odd_page)
        self.one("#checked").click()
        saved = json.loads(self.save().read_text())["database"]["unknown"]
        self.assertNotIn("duration", saved)
        co2net("eval", self.path / "odd.json", "--ground-truth", self.path / "downloads/corrections.json",
               "--ignore-unknown-videos", "--log-level", "error")

    def axis_end(self):
        return float(self.one("#ruler").get_attribute("aria-valuemax"))

    def test_the_length_of_a_video_is_what_somebody_says_or_not_known(self):
        self.open("#video=probed", self.odd_page)
        self.assertEqual(self.axis_end(), DURATION)
        self.assertIn(f"{DURATION:.2f} s", self.one("#notes").text)
        self.open("#video=unknown", self.odd_page)
        self.assertIn("length not known", self.one("#notes").text)
        self.assertEqual(self.axis_end(), max(found["segment"][1] for found in CANDIDATES))
        self.assertIn("gone/away.mp4, which is not there", self.one("#player-note").text)
        self.open("#video=failed", self.odd_page)
        self.assertIn("length not known", self.one("#notes").text)
        self.assertFalse(self.one("#track").is_displayed())

    def test_a_length_that_the_browser_alone_knows_is_taken(self):
        listed = self.odd_page.parent / "data/videos.js"
        text = listed.read_text()
        self.addCleanup(listed.write_text, text)
        listed.write_text(text.replace(f'"duration":{DURATION}', '"duration":null'))
        self.open("#video=probed&t=5", self.odd_page)
        self.wait(lambda: abs(self.axis_end() - DURATION) < 0.1)
        self.assertNotIn("not known", self.one("#notes").text)
        self.wait(lambda: abs(self.video_moment() - 5) < 0.1)

    def test_the_list_is_filtered_and_searched_by_every_class_that_is_offered(self):
        self.open("", self.odd_page)
        names = lambda: {name.text for name in self.all("#videos .name")}
        for label, ids in [("dance", {"unknown", "theirs"}), (LONG_LABEL, {"unknown"}), ("run", {"unknown", "probed"})]:
            Select(self.one("#class-filter")).select_by_visible_text(label)
            self.assertEqual(names(), ids)
            Select(self.one("#class-filter")).select_by_index(0)
            self.one("#search").send_keys(label)
            self.assertEqual(names(), ids)
            self.one("#search").clear()
            self.one("#search").send_keys(" ")
            self.assertEqual(len(names()), 4)

    def test_a_long_label_leaves_room_for_what_kind_of_lane_it_is(self):
        set_screen(self.browser, PHONE)
        self.addCleanup(set_screen, self.browser)
        self.open("#video=unknown", self.odd_page)
        gutter = self.one("#gutter").rect
        kinds = self.all("#gutter .lane span")
        self.assertEqual({kind.text for kind in kinds}, {"true", "found", "other file"})
        for kind in kinds:
            self.assertLessEqual(kind.rect["x"] + kind.rect["width"], gutter["x"] + gutter["width"])

    def test_scores_are_written_as_figures_have_them(self):
        scores = [-12.7, -0.004, 0.004, 0.61, 99.99, 123.4, 123.456, 4321.04, 98765.4, 1234567]
        found = [segment("run", score, i, i + 1) for i, score in enumerate(scores)]
        write_json(self.path / "scores.json", results(["a"], found, found))
        co2net("report", self.path / "scores.json", "-o", self.path / "scored")
        co2net("report", self.path / "scores.json", "--svg", "-o", self.path / "figures")
        drawn = dict(re.findall(r"run, (\d) to \d+ s, score ([^<]*)<", (self.path / "figures/a.svg").read_text()))
        self.assertEqual(len(drawn), len(scores))
        self.open("#video=a", self.path / "scored/index.html")
        shown = dict(re.match(r"run, (\d)\.00 s to .*, score ([^,]*)", text).groups() for text in self.found())
        self.assertEqual(shown, drawn)

    def test_each_of_our_bars_says_whether_it_is_chosen(self):
        self.open()
        self.all("#lanes .found .segment")[1].click()
        self.assertEqual([bar.get_attribute("aria-pressed") for bar in self.all("#lanes .found .segment")],
                         ["false", "true", "false"])
        self.assertIsNone(self.one("#lanes .truth .segment").get_attribute("aria-pressed"))

    def test_fits_a_phone(self):
        set_screen(self.browser, PHONE)
        for fragment in ["", "#video=clip"]:
            self.open(fragment)
            self.assertLessEqual(page_width(self.browser), PHONE[0], fragment)
        set_screen(self.browser)

    def test_links_to_the_evaluation_that_is_beside(self):
        self.open("")
        self.assertFalse(self.one("#evaluation-page").is_displayed())
        figures = ["eval", self.path / "results.json", "--ground-truth", self.path / "truth.json",
                   "--ignore-unknown-videos", "--report", self.path / "both"]
        co2net(*figures)
        co2net("report", self.path / "results.json", "-o", self.path / "both")
        co2net(*figures)
        self.open("", self.path / "both/index.html")
        self.one("#evaluation-page").click()
        self.one("#results-page").click()
        self.wait(lambda: self.all("#videos li"))

    def test_pictures(self):
        take_pictures(self.browser, "results", self.open)

    def test_500_videos_open_at_once(self):
        ids = [f"video_{i:03}" for i in range(500)]
        candidates = [segment("run", 1 / (i + 1), i / 10, i / 10 + 1) for i in range(100)]
        document = results(ids, candidates, candidates[::20])
        document["videos"] = {}
        write_json(self.path / "many.json", document)
        co2net("report", self.path / "many.json", "-o", self.path / "many")
        self.open("#video=video_007", self.path / "many/index.html")
        self.assertEqual(len(self.all("#videos li")), 500)
        loaded_ms = self.browser.execute_script(
            "return performance.getEntriesByType('navigation')[0].loadEventEnd")
        print(f"500 videos: open after {loaded_ms / 1000:.2f} s")
        self.assertLess(loaded_ms / 1000, SLOWEST_S)


if __name__ == "__main__":
    unittest.main()
