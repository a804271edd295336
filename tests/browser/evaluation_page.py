"""The page of 'co2net eval --report': it loads without a word on the console, shows the numbers of 'eval --json',
sorts, draws curves, takes names for text, and fits a phone."""

import json
import pathlib
import random
import tempfile
import unittest

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from browser import DESK, PHONE, address, co2net, open_browser, page_width, set_screen, take_pictures

LABELS = ["<script>window.fooled = true</script>", "\"><img src=x onerror='window.fooled = true'>", "</script>run", "jump"]


def draw(folder):
    """Ground truth and predictions, more and less right, of videos of a minute."""
    r = random.Random(1)
    database, results = {}, {}
    for i in range(20):
        truths, found = [], []
        for start in range(0, 60, 15):
            label = LABELS[(i + start) % len(LABELS)]
            length = r.choice([1, 5, 9, 14])
            truths.append({"label": label, "segment": [start, start + length]})
            for _ in range(r.randrange(4)):
                shift = r.gauss(0, 0.2) * length
                found.append({"label": label if r.random() < 0.8 else r.choice(LABELS), "score": r.random(),
                              "segment": [max(0, start + shift), start + length + max(0, shift)]})
        database[f"video{i}"] = {"subset": "test", "duration": 60, "annotations": truths}
        results[f"video{i}"] = found
    (folder / "gt.json").write_text(json.dumps({"database": database}))
    (folder / "results.json").write_text(json.dumps({"results": results}))


class EvaluationPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        folder = pathlib.Path(temporary.name)
        draw(folder)
        cls.page = folder / "page/evaluation.html"
        cls.evaluation = json.loads(co2net("eval", folder / "results.json", "--ground-truth", folder / "gt.json",
                                           "--report", cls.page.parent, "--json"))
        cls.browser = open_browser(folder)
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        self.show(DESK)

    def tearDown(self):
        self.assertEqual(self.browser.get_log("browser"), [])
        self.assertIsNone(self.browser.execute_script("return window.fooled ?? null"))

    def show(self, size, scheme="light"):
        set_screen(self.browser, size, scheme)
        self.browser.get(address(self.page))

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector):
        """Also of what is folded away."""
        return [element.get_property("textContent") for element in self.all(selector)]

    def rows(self, table):
        return [[cell.get_property("textContent") for cell in row.find_elements(By.XPATH, "*")]
                for row in self.all(f"#{table} tbody tr")]

    def expect_percents(self, texts, fractions):
        """To the decimal that is shown."""
        self.assertEqual(len(texts), len(fractions))
        for text, fraction in zip(texts, fractions):
            if fraction is None:
                self.assertEqual(text, "–")
            else:
                self.assertAlmostEqual(float(text), 100 * fraction, delta=0.05 + 1e-9)

    def test_shows_map_and_its_bounds(self):
        rows = self.rows("map-table")
        bounds = self.evaluation["report"]["bounds"]
        for i, tiou in enumerate(self.evaluation["tiou"]):
            self.assertEqual(rows[i][0], str(tiou))
            self.expect_percents([rows[i][1], *rows[i][2].split(" – ")],
                                 [self.evaluation["mAP"][i], *bounds["mAP"][i]])
        self.assertEqual(rows[-1][0], "mean")
        self.expect_percents([rows[-1][1], *rows[-1][2].split(" – ")],
                             [self.evaluation["average"], *bounds["average"]])

    def test_shows_every_class_and_sorts(self):
        per_class, predictions = self.evaluation["per_class"], self.evaluation["report"]["predictions"]
        rows = self.rows("class-table")
        self.assertEqual({row[0] for row in rows}, set(LABELS))
        for label, mean, *columns in rows:
            self.expect_percents([mean], [sum(per_class[label]) / len(per_class[label])])
            self.expect_percents(columns[:-2], per_class[label])
            self.assertEqual(columns[-1], str(predictions[label]))

        def sort_by(heading):
            self.all(f"#class-table thead th:nth-child({heading}) button")[0].send_keys(Keys.ENTER)
            return [row[0] for row in self.rows("class-table")]

        falling = sorted(LABELS, key=lambda label: -per_class[label][0])
        self.assertEqual(sort_by(3), falling)
        self.assertEqual(sort_by(3), falling[::-1])
        by_name = sort_by(1)
        self.assertEqual(sort_by(1), by_name[::-1])
        self.assertEqual([heading.get_attribute("aria-sort") for heading in self.all("#class-table thead th")][:2],
                         ["descending", None])

    def test_draws_the_curves_of_the_class_that_is_chosen(self):
        curves = self.evaluation["report"]["curves"]
        lines = "#curve-chart polyline"
        self.assertEqual(len(self.all(lines)), len(curves["tiou"]))
        of_all = self.all(lines)[0].get_attribute("points")
        choice = Select(self.all("#curve-class")[0])
        self.assertEqual({option.text for option in choice.options}, {"all, mean", *LABELS})
        choice.select_by_visible_text("jump")
        self.assertNotEqual(self.all(lines)[0].get_attribute("points"), of_all)
        for row, place in zip(self.rows("curve-table"), range(0, 101, 10)):
            self.expect_percents(row[1:], [curve[place] for curve in curves["per_class"]["jump"]])

    def test_shows_what_false_positives_are_and_what_each_kind_costs(self):
        found = self.evaluation["report"]["error_analysis"]["false_positives"]
        rows = self.rows("kind-table")
        for row, size, shares in zip(rows, found["band_size"] + [found["predictions"]],
                                     found["shares"] + [found["shares_of_all"]], strict=True):
            self.assertEqual(row[1], str(size))
            self.expect_percents(row[2:], shares or [None] * len(row[2:]))
        self.assertEqual(len(self.all("#kind-chart rect")), sum(len(shares or []) for shares in found["shares"]))
        for kind, gain in found["gain"].items():
            self.expect_percents(self.texts(f"#gain-chart [data-gain={kind}]"), [gain])

    def test_shows_sensitivity_and_false_negatives_by_characteristic(self):
        errors = self.evaluation["report"]["error_analysis"]
        order = ["length", "coverage", "instances"]
        missed = [errors["false_negatives"]["by"][name] for name in order]
        by_bin = {
            "sensitivity": sum((errors["sensitivity"]["by"][name] for name in order), []),
            "missed": sum((of_name["missed"] for of_name in missed), [])}
        shares = sum((of_name["share_of_truths"] for of_name in missed), [])
        for part, values in by_bin.items():
            self.expect_percents(self.texts(f"#{part}-charts .value"), values)
            rows = self.rows(f"{part}-table")
            self.expect_percents([row[3] for row in rows], values)
            self.expect_percents([row[2] for row in rows], shares)

    def test_names_files_without_the_way_to_them(self):
        self.assertEqual(self.browser.title, "Evaluation of results.json")
        self.assertTrue(self.texts("#about")[0].startswith("results.json against gt.json, protocol"))

    def test_charts_follow_the_width(self):
        self.show(PHONE)
        for chart in self.all(".chart svg"):
            self.assertLessEqual(float(chart.get_attribute("width")), PHONE[0])
        set_screen(self.browser, DESK)
        WebDriverWait(self.browser, 10).until(
            lambda _: float(self.all("#curve-chart svg")[0].get_attribute("width")) > PHONE[0])

    def test_fits_a_phone(self):
        self.show(PHONE)
        self.assertLessEqual(page_width(self.browser), PHONE[0])

    def test_is_dark_where_that_is_preferred(self):
        background = "return getComputedStyle(document.body).backgroundColor"
        light = self.browser.execute_script(background)
        self.show(DESK, "dark")
        self.assertNotEqual(self.browser.execute_script(background), light)

    def test_links_to_the_page_of_results_where_that_is_beside(self):
        self.assertFalse(self.all("#results-page")[0].is_displayed())
        beside = self.page.with_name("index.html")
        beside.write_text("<title>results</title>")
        co2net("eval", self.page.parent / "../results.json", "--ground-truth", self.page.parent / "../gt.json",
               "--report", self.page.parent)
        self.show(DESK)
        self.all("#results-page")[0].click()
        self.assertEqual(self.browser.title, "results")
        beside.unlink()

    def test_pictures(self):
        take_pictures(self.browser, "evaluation", lambda: self.browser.get(address(self.page)))


if __name__ == "__main__":
    unittest.main()
