"""Headless Chromium for tests of pages, and the program that writes them."""

import os
import pathlib
import subprocess

from selenium import webdriver

PROGRAM = os.environ.get("CO2NET_PROGRAM", "build/release/cli/co2net")


def co2net(*arguments):
    """What the program prints; an error where it fails."""
    return subprocess.run([PROGRAM, *map(str, arguments)], check=True, capture_output=True,
                          text=True).stdout


def open_browser(downloads, width=1280, height=900):
    """A browser whose downloads go to that folder."""
    options = webdriver.ChromeOptions()
    for argument in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
                     f"--window-size={width},{height}"]:
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options)


def page_errors(browser):
    """What the console says since the last call, but for remarks."""
    return [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"]


def address(file, fragment=""):
    return pathlib.Path(file).resolve().as_uri() + fragment
