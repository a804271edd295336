"""Headless Chromium for pictures and tests of pages, and the program that writes them."""

import base64
import os
import pathlib
import subprocess

from selenium import webdriver

PROGRAM = os.environ.get("CO2NET_PROGRAM", "build/release/cli/co2net")
# A folder for pictures of what is tested, to look at.
PICTURES = os.environ.get("CO2NET_PICTURES")
DESK, PHONE = (1280, 900), (390, 844)


def co2net(*arguments):
    """What the program prints; an error where it fails."""
    return subprocess.run([PROGRAM, *map(str, arguments)], check=True, capture_output=True,
                          text=True).stdout


def open_browser(downloads):
    """A browser whose downloads go to that folder."""
    options = webdriver.ChromeOptions()
    for argument in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
                     "--hide-scrollbars", f"--window-size={DESK[0]},{DESK[1]}"]:
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options)


def set_screen(browser, size=DESK, scheme="light", scale=1):
    """The size in pixels of the page, of which the screen has `scale` each way, and the colours
    that are preferred."""
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": size[0], "height": size[1], "deviceScaleFactor": scale, "mobile": size == PHONE})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": scheme}]})


def page_width(browser):
    return browser.execute_script("return document.documentElement.scrollWidth")


def take_picture(browser, file):
    """Of the whole page."""
    width, height = browser.execute_script(
        "return [document.documentElement.clientWidth, document.documentElement.scrollHeight]")
    picture = browser.execute_cdp_cmd("Page.captureScreenshot", {
        "captureBeyondViewport": True,
        "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}})
    pathlib.Path(file).write_bytes(base64.b64decode(picture["data"]))


def take_pictures(browser, name, show):
    """Three to look at, where they are wanted; `show` opens the page."""
    if PICTURES is None:
        return
    pathlib.Path(PICTURES).mkdir(parents=True, exist_ok=True)
    for kind, size, scheme in [("light", DESK, "light"), ("dark", DESK, "dark"), ("phone", PHONE, "light")]:
        set_screen(browser, size, scheme)
        show()
        take_picture(browser, f"{PICTURES}/{name}-{kind}.png")
    set_screen(browser)


def page_errors(browser):
    """What the console says since the last call, but for remarks."""
    return [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"]


def address(file, fragment=""):
    return pathlib.Path(file).resolve().as_uri() + fragment
