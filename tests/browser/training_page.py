"""The page that 'co2net train' writes: it shows every loss, score and attention that metrics.jsonl has, follows a training
that runs without being loaded anew, says where one was stopped, and fits a phone."""

import json
import pathlib
import tempfile
import unittest

import numpy
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from browser import DESK, PHONE, address, co2net, open_browser, page_width, set_screen, take_pictures

LABEL = "<script>window.fooled = true</script>"
TERMS = ["total", "mil_orig", "mil_supp", "cas", "ml", "oppo", "norm"]


def draw(folder):
    """Features of videos of two classes, twelve to learn from and four to be tested on."""
    (folder / "features").mkdir()
    r = numpy.random.default_rng(1)
    database = {}
    for i in range(16):
        features = r.normal(size=(30, 32)).astype("float32")
        features[10:20, i % 2] += 4
        numpy.save(folder / f"features/v{i}.npy", features)
        database[f"v{i}"] = {"subset": "training" if i < 12 else "test", "duration": 16, "annotations": [
            {"label": [LABEL, "jump"][i % 2], "segment": [5, 10]}]}
    (folder / "gt.json").write_text(json.dumps({"database": database}))


class TrainingPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        folder = pathlib.Path(temporary.name)
        draw(folder)
        cls.page = folder / "model/training.html"
        co2net("train", "--features", folder / "features", "--annotations", folder / "gt.json", "-o", cls.page.parent,
               "--train-subset", "training", "--test-subset", "test", "--select", "test", "--recipe", "wtalc",
               "--set", "iterations=40", "--set", "evaluate_every=5", "--set", "length=30", "--name", LABEL)
        cls.wtalc_page = folder / "wtalc/training.html"
        co2net("train", "--features", folder / "features", "--annotations", folder / "gt.json", "-o", cls.wtalc_page.parent,
               "--train-subset", "training", "--select", "last", "--recipe", "wtalc", "--set", "network.kind=wtalc",
               "--set", "iterations=12", "--set", "length=30")
        cls.script = cls.page.parent / "training/progress.js"
        cls.finished = cls.script.read_text()
        cls.lines = list(map(json.loads, (cls.page.parent / "training/metrics.jsonl").read_text().splitlines()))
        cls.browser = open_browser(folder)
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        self.script.write_text(self.finished)
        self.show(DESK)

    def tearDown(self):
        self.assertEqual(self.browser.get_log("browser"), [])
        self.assertIsNone(self.browser.execute_script("return window.fooled ?? null"))

    def show(self, size, scheme="light"):
        set_screen(self.browser, size, scheme)
        self.open()

    def open(self):
        self.browser.get(address(self.page))
        WebDriverWait(self.browser, 10).until(lambda _: self.all("#shown")[0].is_displayed())

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector):
        return [element.get_property("textContent") for element in self.all(selector)]

    def text(self, selector):
        return self.all(selector)[0].get_property("textContent")

    def rows(self, table):
        return [[cell.get_property("textContent") for cell in row.find_elements(By.XPATH, "*")]
                for row in self.all(f"#{table} tbody tr")]

    def write(self, **news):
        """The progress as it would be if these things were otherwise."""
        data = json.loads(self.finished[self.finished.index("(") + 1:self.finished.rindex(")")])
        self.script.write_text(f"showTraining({json.dumps({**data, **news}).replace('<', chr(92) + 'u003c')});")

    def test_shows_every_score_and_marks_the_best(self):
        judged = [line for line in self.lines if "score" in line]
        rows = self.rows("score-table")
        self.assertEqual([row[0] for row in rows], [str(line["iteration"]) for line in judged])
        for row, line in zip(rows, judged):
            for shown, value in zip(row[1:], [line["score"], *line["mAP"]], strict=True):
                self.assertAlmostEqual(float(shown), 100 * value, delta=0.05 + 1e-9)
        self.assertEqual(len(self.all("#score-chart .best")), 1)
        best = [line for line in judged if line["best"]][-1]
        self.assertIn(f"after {best['iteration']} iterations, is the one that is kept", self.text("#judged-by"))

    def test_shows_every_loss_and_attention(self):
        updates = [line for line in self.lines if "losses" in line]
        rows = self.rows("loss-table")
        self.assertEqual(rows[-1][0], "40")
        for row in rows:
            losses = updates[int(row[0]) - 1]["losses"]
            self.assertEqual(row[1:], [f"{losses[term]:.4f}" for term in TERMS])
        for row in self.rows("attention-table"):
            attention = updates[int(row[0]) - 1]["attention"]
            self.assertEqual(row[1:], [f"{attention[name][figure]:.4f}" for name in ["attn", "attn_rgb", "attn_flow"]
                                       for figure in ["mean", "deviation"]])
        self.assertEqual(len(self.all("#loss-charts polyline")), len(TERMS))
        self.assertEqual(len(self.all("#attention-charts polyline")), 6)

    def test_says_that_it_is_finished(self):
        self.assertEqual(self.text("#state"), "Finished after 40 of 40 iterations.")
        self.assertEqual(self.text("#time"), "")

    def test_says_where_it_was_stopped(self):
        self.write(state="stopped", done=17)
        self.open()
        self.assertIn("Stopped after 17 of 40 iterations; the same command goes on", self.text("#state"))

    def test_follows_a_training_that_runs(self):
        self.write(state="running", done=17, seconds_each=5.678, seconds_left=12000)
        self.open()
        self.assertEqual(self.text("#state"), "Running: 17 of 40 iterations.")
        self.assertEqual(self.text("#time"), "5.68 s an iteration, judging included; about 3.3 h left.")
        self.write(state="running", done=18, seconds_each=5, seconds_left=100)
        WebDriverWait(self.browser, 15).until(lambda _: "18 of 40" in self.text("#state"))
        self.write()
        WebDriverWait(self.browser, 15).until(lambda _: "Finished" in self.text("#state"))

    def test_before_the_first_judgement_and_with_numbers_missing_draws_what_there_is(self):
        points = {"iteration": [1, 2, 3], "losses": {"total": [3, None, 2]}, "attention": {}}
        self.write(state="running", done=3, judgements=[], points=points)
        self.open()
        self.assertEqual(self.text("#judged-by"), "No model was judged yet.")
        self.assertFalse(self.all("#score-chart")[0].is_displayed())
        self.assertEqual(len(self.all("#loss-charts circle")), 2)
        self.assertEqual([row[1] for row in self.rows("loss-table")], ["3.0000", "–", "2.0000"])

    def test_draws_attention_as_results_and_figures_do(self):
        colour = "return getComputedStyle(document.documentElement).getPropertyValue(arguments[0])"
        lines = [line.get_attribute("stroke") for line in self.all("#attention-charts svg")[0].find_elements(By.TAG_NAME, "polyline")]
        self.assertEqual(lines, ["var(--text)", "var(--red)", "var(--green)"])
        self.assertEqual([self.browser.execute_script(colour, f"--{name}") for name in ["red", "green"]], ["#D55E00", "#009E73"])

    def test_of_a_wtalc_shows_the_terms_that_it_has_and_no_attention(self):
        self.browser.get(address(self.wtalc_page))
        WebDriverWait(self.browser, 10).until(lambda _: self.all("#shown")[0].is_displayed())
        self.assertEqual(self.texts("#loss-charts h3"), ["Total", "MIL, weight 0.5", "Co-activity similarity, weight 0.5"])
        self.assertEqual(len(self.all("#loss-charts polyline")), 3)
        self.assertEqual(self.text("#losses-note"), "The terms of W-TALC before their weights, and their weighted sum.")
        for part in ["#attention", "[href='#attention']"]:
            self.assertFalse(self.all(part)[0].is_displayed())
        self.assertNotIn("No numbers yet", self.text("#shown"))

    def test_takes_no_room_for_scores_where_no_model_is_judged(self):
        self.browser.get(address(self.wtalc_page))
        WebDriverWait(self.browser, 10).until(lambda _: self.all("#shown")[0].is_displayed())
        self.assertEqual(self.text("#judged-by"), "No model is judged: the last one is kept.")
        for part in ["#score-chart", "#score-numbers"]:
            self.assertFalse(self.all(part)[0].is_displayed())

    def test_says_what_is_missing_beside_it(self):
        self.script.unlink()
        self.browser.get(address(self.page))
        WebDriverWait(self.browser, 10).until(lambda _: self.all("#missing")[0].is_displayed())
        self.browser.get_log("browser")  # that the file was not found

    def test_fits_a_phone(self):
        self.show(PHONE)
        self.assertLessEqual(page_width(self.browser), PHONE[0])

    def test_pictures(self):
        take_pictures(self.browser, "training", self.open)


if __name__ == "__main__":
    unittest.main()
