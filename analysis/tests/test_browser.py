"""Pages in a real browser, headless Chromium: nothing fails, pictures are there, filters filter, at every width and in print."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select
from synthetic import phantoms, write_run
from synthetic_audit import Stage, write_audit
from synthetic_study import write_study
from synthetic_sweep import Point, write_sweep

from medpfl_analysis.__main__ import main

SIZES = """return [...document.querySelectorAll("figure svg")].map(s => [
    s.getBoundingClientRect().width, Math.min(...[...s.querySelectorAll("text")].map(
        t => parseFloat(getComputedStyle(t).fontSize) * Math.hypot(t.getScreenCTM().a, t.getScreenCTM().b)))])"""
"""Of each figure its width, and the size of its smallest text, in pixels of the page."""
FLAGS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars")


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    yield made
    made.quit()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run with two attacks on five images, of the classes healthy, lesion and other."""
    folder = write_run(tmp_path_factory.mktemp("run") / "run", methods=("dlg", "cpl"), truth=phantoms(5, 3, 12),
                       noise=[0.01, 0.12, 0.12, 0.4, 0.5])
    assert main(["report", str(folder)]) == 0
    return folder / "report.html"


def show(browser: webdriver.Chrome, page: Path, width: int = 1200, dark: bool = False) -> None:
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "screen", "features": [
        {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
    browser.get_log("browser")
    browser.get(page.as_uri())
    assert browser.get_log("browser") == []


def shown(browser: webdriver.Chrome) -> list[dict[str, str]]:
    return browser.execute_script("""return [...document.querySelectorAll(".card")].filter(c => c.offsetHeight > 0)
                                     .map(c => ({...c.dataset}))""")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1200])
def test_a_page_fits_and_its_pictures_are_seen(browser: webdriver.Chrome, page: Path, width: int, dark: bool) -> None:
    show(browser, page, width, dark)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    sizes = browser.execute_script("""return [...document.querySelectorAll(".card img")].map(
        i => [i.complete, i.naturalWidth, i.getBoundingClientRect().width])""")
    assert len(sizes) == 10 * 6 and all(done and own == 12 and wide >= 40 for done, own, wide in sizes)
    figures = browser.execute_script(SIZES)
    assert len(figures) >= 8 and all(wide >= 300 and text >= 9.5 for wide, text in figures), figures
    colors = browser.execute_script("""const s = getComputedStyle; return [s(document.body).backgroundColor,
        s(document.querySelector("figure svg path")).fill, s(document.querySelector("figure svg text")).fill]""")
    paper, ink = ("rgb(23, 27, 31)", "154") if dark else ("rgb(255, 255, 255)", "102")
    assert colors[:2] == [paper, paper] and ink in colors[2]


def test_filters_filter(browser: webdriver.Chrome, page: Path) -> None:
    show(browser, page)
    assert len(shown(browser)) == 10
    output = browser.find_element(By.CSS_SELECTOR, ".filters output")
    Select(browser.find_element(By.NAME, "attack")).select_by_visible_text("cpl")
    assert [card["attack"] for card in shown(browser)] == ["cpl"] * 5 and output.text == "5 of 10 shown"
    Select(browser.find_element(By.NAME, "class")).select_by_visible_text("lesion")
    assert {(card["attack"], card["class"]) for card in shown(browser)} == {("cpl", "lesion")}
    Select(browser.find_element(By.NAME, "attack")).select_by_visible_text("all")
    assert {card["attack"] for card in shown(browser)} == {"cpl", "dlg"}
    Select(browser.find_element(By.NAME, "class")).select_by_visible_text("all")
    assert len(shown(browser)) == 10 and output.text == "10 of 10 shown"


def test_all_is_reached_by_keyboard(browser: webdriver.Chrome, page: Path) -> None:
    show(browser, page)
    wanted = len(browser.find_elements(By.CSS_SELECTOR, "select, summary"))
    seen = set()
    for _ in range(wanted + 5):
        browser.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "keyDown", "key": "Tab", "code": "Tab",
                                                           "windowsVirtualKeyCode": 9})
        focused = browser.switch_to.active_element
        if focused.tag_name in ("select", "summary"):
            seen.add(focused.id)
    assert len(seen) == wanted


def test_print_holds_the_configuration(browser: webdriver.Chrome, page: Path) -> None:
    show(browser, page)
    assert not browser.execute_script("return document.querySelector('details').open")
    made = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    assert base64.b64decode(made["data"]).startswith(b"%PDF")
    folded = browser.execute_script("""return [...document.querySelectorAll("details")].filter(d => !d.open).map(
        d => d.querySelector("summary").textContent)""")
    assert folded == ["Every option and where it came from"], "which fills thirty sheets"


@pytest.fixture(scope="module")
def sweep_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a sweep with as many defenses as there are colors, whose attackers knew what is no word that can be broken."""
    place = tmp_path_factory.mktemp("sweep")
    chains = ("laplace", "dp-sgd", "prune", *(f"defense-of-name-{n}" for n in range(10)))
    points = [Point({"defense.chain": ""}, (0.9, 0.6, 0.6, 0.1)),
              *(Point({"defense.chain": chain}, (0.2, 0.1, 0.1, 0), 0.5 + n / 50) for n, chain in enumerate(chains)),
              *(Point({"defense.chain": "laplace", "defense.laplace.scale": scale}, (0.2, 0.1, 0.1, 0)) for scale in ("1", "2"))]
    write_sweep(place / "s", points)
    with h5py.File(place / "s/points/00000/run.h5", "r+") as file:
        file["attacks/tasks/knowledge"][...] = "weights;" + ",".join(["option=value"] * 20)
    assert main(["report", str(place / "s")]) == 0
    return place / "s/report.html"


@pytest.fixture(scope="module")
def study_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_study(tmp_path_factory.mktemp("study") / "s")
    assert main(["report", str(folder)]) == 0
    return folder / "report.html"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("kind", ["sweep_page", "study_page"])
def test_pages_of_sweeps_and_studies_are_read_on_a_phone(
    browser: webdriver.Chrome, request: pytest.FixtureRequest, kind: str, width: int, dark: bool,
) -> None:
    show(browser, request.getfixturevalue(kind), width, dark)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    figures = browser.execute_script(SIZES)
    assert len(figures) >= 3 and all(wide >= 300 and text >= 9.5 for wide, text in figures), figures
    # Nothing is cut off or scrolled inside the page, but for the many columns of a sweep's scores.
    beyond = browser.execute_script("""return [...document.querySelectorAll(".stack, figure svg, .strip")].filter(
        e => e.getBoundingClientRect().right > innerWidth).length""")
    assert beyond == 0
    paper = browser.execute_script("return getComputedStyle(document.querySelector('figure svg path')).fill")
    assert paper == ("rgb(23, 27, 31)" if dark else "rgb(255, 255, 255)")


def test_series_of_a_sweep_differ_in_color_and_mark(sweep_page: Path) -> None:
    html = sweep_page.read_text(encoding="utf-8")
    first = html[html.index('aria-label="Identified'):].partition("</svg>")[0]
    assert {f"var(--series-{n})" for n in range(13)} <= set(re.findall(r"var\(--series-\d+\)", first))


def test_cards_of_a_sweep_are_filtered_by_setting(browser: webdriver.Chrome, sweep_page: Path) -> None:
    show(browser, sweep_page)
    assert shown(browser)[0]["setting"] == "no defense"
    Select(browser.find_element(By.NAME, "setting")).select_by_visible_text("prune")
    assert {card["setting"] for card in shown(browser)} == {"prune"}


def test_a_study_prints_its_provenance(browser: webdriver.Chrome, study_page: Path) -> None:
    show(browser, study_page)
    browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    assert browser.execute_script("return [...document.querySelectorAll('details')].every(d => d.open)")


def test_audits_open_without_errors(browser: webdriver.Chrome, tmp_path: Path) -> None:
    found = ("leaks", "at least 25 % are identified")
    folder = write_audit(tmp_path / "audit", [Stage("probe", 0, found)], found)
    assert main(["report", str(folder)]) == 0
    for width in (390, 1200):
        show(browser, folder / "report.html", width)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_two_hundred_reconstructions_are_a_page_below_15_megabytes(tmp_path: Path) -> None:
    """In color and at the size that networks for photographs have, with noise, which hardly compresses."""
    rng = np.random.default_rng(1)
    truth = rng.random((200, 3, 64, 64))
    folder = write_run(tmp_path / "run", truth=truth, noise=[0.3] * 200)
    assert main(["report", str(folder)]) == 0
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert len(html) < 15_000_000 and "of 200 reconstructions" in html
