"""The pictures of README.md: pictures.py REPORT PICTURES, folders of what 'co2net report' and 'co2net eval --report'
wrote, and of what is made. Called by pictures.sh."""

import pathlib
import sys
import time

from browser import PHONE, address, open_browser, set_screen
from selenium.webdriver.support.ui import WebDriverWait

VIDEO = "#video=test_0008&t=9"
SCREEN = (1280, 1000)


def wait_for(browser, condition):
    WebDriverWait(browser, 30).until(lambda _: browser.execute_script(f"return {condition}"))


def show_video(browser, page):
    browser.get(address(page, VIDEO))
    wait_for(browser, "document.querySelector('video')?.readyState === 4")
    wait_for(browser, "[...document.images].every((image) => image.complete)")
    time.sleep(1)  # the player fades out that it waits


def main():
    report, pictures = map(pathlib.Path, sys.argv[1:])
    pictures.mkdir(parents=True, exist_ok=True)
    browser = open_browser(pictures)
    try:
        set_screen(browser, SCREEN)
        show_video(browser, report / "index.html")
        browser.save_screenshot(str(pictures / "results.png"))
        set_screen(browser, PHONE, "dark", scale=2)
        browser.save_screenshot(str(pictures / "results-phone.png"))
        set_screen(browser, SCREEN)
        browser.get(address(report / "evaluation.html", "#false-positives"))
        browser.save_screenshot(str(pictures / "evaluation.png"))
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
