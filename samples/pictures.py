"""The pictures of README.md: pictures.py REPORT PICTURES, folders of what 'co2net report' and 'co2net eval --report'
wrote, and of what is made. Called by pictures.sh."""

import pathlib
import sys

from browser import DESK, PHONE, address, open_browser, set_screen, take_picture
from selenium.webdriver.support.ui import WebDriverWait

VIDEO = "#video=test_0002&t=5"


def wait_for(browser, condition):
    WebDriverWait(browser, 30).until(lambda _: browser.execute_script(f"return {condition}"))


def show_results(browser, page):
    browser.get(address(page, VIDEO))
    wait_for(browser, "document.querySelector('video')?.readyState > 1 && !document.querySelector('video').seeking")
    wait_for(browser, "[...document.images].every((image) => image.complete)")


def main():
    report, pictures = map(pathlib.Path, sys.argv[1:])
    pictures.mkdir(parents=True, exist_ok=True)
    browser = open_browser(pictures)
    try:
        set_screen(browser, DESK)
        show_results(browser, report / "index.html")
        take_picture(browser, pictures / "results.png", DESK[1])
        set_screen(browser, PHONE, "dark")
        take_picture(browser, pictures / "results-phone.png", PHONE[1])
        set_screen(browser, DESK)
        browser.get(address(report / "evaluation.html"))
        take_picture(browser, pictures / "evaluation.png", DESK[1])
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
