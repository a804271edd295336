"""A first-time user's path: a folder of videos through the program, its report, in which they filter, seek and correct,
and subtitles that a player shows.

CO2NET_FOLDER: an empty folder to work in; CO2NET_VIDEOS: a folder with drawn videos; CO2NET_MODEL: the sample model."""

import json
import os
import pathlib
import subprocess
import unittest

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from browser import address, co2net, open_browser, page_errors, take_pictures

FOLDER, VIDEOS, MODEL = (pathlib.Path(os.environ[name]) for name in ["CO2NET_FOLDER", "CO2NET_VIDEOS", "CO2NET_MODEL"])


class FirstUse(unittest.TestCase):
    """Each test takes up what those before it, by their numbers, have left."""

    @classmethod
    def setUpClass(cls):
        cls.results, cls.page = FOLDER / "results.json", FOLDER / "report/index.html"
        cls.browser = open_browser(FOLDER / "downloads")
        cls.addClassCleanup(cls.browser.quit)

    def wait(self, condition):
        return WebDriverWait(self.browser, 60).until(lambda _: condition())

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def final(self):
        return json.loads(self.results.read_text())["final"]

    def test_1_runs_on_a_folder(self):
        co2net("run", VIDEOS, "--model", MODEL, "--no-cache", "--report", FOLDER / "report", "-o", self.results)
        final = self.final()
        self.assertEqual(final.keys(), {video.stem for video in VIDEOS.glob("*.mp4")})
        self.assertTrue(any(final.values()))

    def test_2_opens_the_report_and_filters(self):
        final = self.final()
        self.browser.get(address(self.page))
        self.wait(lambda: self.all("#videos li"))
        self.assertEqual(len(self.all("#videos li")), len(final))
        label = next(segments[0]["label"] for segments in final.values() if segments)
        Select(self.one("#class-filter")).select_by_visible_text(label)
        having = [id for id, segments in final.items() if label in {segment["label"] for segment in segments}]
        self.assertEqual({name.text for name in self.all("#videos .name")}, set(having))
        self.assertEqual(page_errors(self.browser), [])

    def test_3_plays_from_where_they_click(self):
        self.one("#videos a").click()
        self.wait(lambda: self.browser.execute_script("return document.querySelector('video').readyState") > 0)
        bar = self.one("#lanes .found .segment")
        bar.click()
        moment = float(self.one("#ruler").get_attribute("aria-valuenow"))
        starts = [segment["segment"][0] for segment in self.final()[self.one("#title").text]]
        self.assertLess(min(abs(start - moment) for start in starts), 0.02)
        self.wait(lambda: self.browser.execute_script("return document.querySelector('video').currentTime") >= moment - 0.02)
        ActionChains(self.browser).move_to_element(self.one("#ruler")).click().perform()
        self.assertNotEqual(float(self.one("#ruler").get_attribute("aria-valuenow")), moment)
        self.assertEqual(page_errors(self.browser), [])

    def test_4_corrects_and_measures_by_that(self):
        self.browser.get(address(self.page))
        marks = ["#mark-wrong"]  # the first, and then
        for i in range(len(self.wait(lambda: self.all("#videos a")))):
            name = self.all("#videos .name")[i].text
            self.all("#videos a")[i].click()
            self.wait(lambda: self.one("#title").text == name)
            for bar in range(len(self.all("#lanes .found .segment"))):
                self.all("#lanes .found .segment")[bar].click()
                self.one(marks.pop() if marks else "#mark-right").click()
        self.one("#save").click()
        corrections = FOLDER / "downloads/corrections.json"
        self.wait(corrections.exists)
        figures = json.loads(co2net("eval", self.results, "--ground-truth", corrections, "--final", "--json"))
        found = sum(map(len, self.final().values()))
        for accuracy in figures["accuracy"]:
            self.assertAlmostEqual(accuracy["precision"]["value"], (found - 1) / found)
            self.assertEqual(accuracy["recall"]["value"], 1)

    def test_5_exports_subtitles_that_a_player_shows(self):
        co2net("convert", self.results, "--format", "vtt", "-o", f"{FOLDER}/subtitles/")
        id, segments = next((id, segments) for id, segments in self.final().items() if segments)
        first = min(segments, key=lambda segment: segment["segment"][0])
        middle = sum(first["segment"]) / 2
        player = subprocess.run(
            ["mpv", "--no-config", "--vo=null", "--ao=null", f"--start={middle}", "--frames=3", "--term-status-msg=<${sub-text}>",
             f"--sub-file={FOLDER}/subtitles/{id}.vtt", f"{VIDEOS}/{id}.mp4"], capture_output=True, text=True, check=True)
        self.assertIn(first["label"], player.stdout + player.stderr)

    def test_6_pictures(self):
        take_pictures(self.browser, "first-use", lambda: self.browser.get(address(self.page)))


if __name__ == "__main__":
    unittest.main()
