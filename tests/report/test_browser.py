"""A page in Chromium: texts are paged, sought and compared, and nothing of a run is run."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.report.pages import (
    BAD,
    STEERING,
    document,
    write_documents,
    write_evaluation,
    write_hostile,
    write_run,
)
from toolformer.report import write_report

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Open]:
    """Opens a page, and at the end fails if it said anything on its console or asked for a file."""
    said: list[str] = []

    def visit(path: Path, **settings: Any) -> Any:
        page = browser.new_page(**settings)
        page.set_default_timeout(6_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                asked.url.startswith(("file:", "data:", "blob:")) or said.append(asked.url)
            ),
        )
        page.goto(path.as_uri())
        page.wait_for_selector("#pager:not([hidden])")
        return page

    yield visit
    for context in browser.contexts:
        context.close()
    assert said == []


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """450 texts, in three blocks; every third call is not kept, one text is of its own."""
    folder = tmp_path_factory.mktemp("many")
    documents = [
        document(
            n,
            "A heron came, and he saw it." if n == 431 else f"This is the text of number {n}.",
            gain=1.0 if n % 3 else 0.25,
        )
        for n in range(450)
    ]
    return write_report([write_documents(folder / "run", documents)], folder / "report.html").path


def names(page: Any) -> list[str]:
    return [each.inner_text() for each in page.query_selector_all("#list > article > h3")]


def status(page: Any) -> str:
    return str(page.inner_text("#status"))


def wait_for_status(page: Any, text: str) -> None:
    page.wait_for_function(
        "text => document.getElementById('status').textContent === text", arg=text
    )


def test_kept_calls_stand_in_their_texts(visit: Open, many: Path) -> None:
    page = visit(many)
    assert status(page) == "1–20 of 300 texts with a kept call"
    assert names(page)[:3] == ["text 1", "text 2", "text 4"]
    assert page.inner_text("#list > article:first-child .text") == (
        "This is the te [Echo(call 1) -> answer 1]+1.00xt of number 1."
    )
    assert page.inner_text("#list > article:first-child .output") == " -> answer 1]"


def test_texts_are_turned_page_by_page(visit: Open, many: Path) -> None:
    page = visit(many)
    assert page.is_disabled("#previous")
    page.click("#next")
    wait_for_status(page, "21–40 of 300 texts with a kept call")
    assert names(page)[0] == "text 31"
    page.fill("#page", "15")
    page.press("#page", "Enter")
    wait_for_status(page, "281–300 of 300 texts with a kept call")
    assert names(page)[-1] == "text 449"
    assert page.is_disabled("#next")
    page.press("#page", "Escape")
    page.keyboard.press("p")
    wait_for_status(page, "261–280 of 300 texts with a kept call")


def test_a_verdict_is_chosen_and_its_losses_are_shown(visit: Open, many: Path) -> None:
    page = visit(many)
    page.select_option("#verdict", label="low gain")
    wait_for_status(page, "1–20 of 150 texts with a call that ended as: low gain")
    assert names(page)[:2] == ["text 0", "text 3"]
    page.click("#list > article:first-child summary")
    row = page.inner_text("#list > article:first-child tbody tr").split()
    assert row[-9:] == ["low", "gain", "+0.25", "+0.25", "3.00", "3.00", "2.75", "0.100", "2"]
    page.select_option("#verdict", label="any, or none")
    wait_for_status(page, "1–20 of 450 texts")


def test_texts_are_put_in_the_order_of_their_gains(visit: Open, tmp_path: Path) -> None:
    gains = (0.75, 2.0, 0.25, 1.0)
    documents = [document(n, "Some words.", gain=gain) for n, gain in enumerate(gains)]
    bare = replace(document(4, "None."), candidates=())
    made = write_documents(tmp_path / "run", [*documents, bare])
    page = visit(write_report([made], tmp_path / "report.html").path)
    page.select_option("#verdict", "")
    page.select_option("#order", label="best gain first")
    page.wait_for_function(
        "() => document.querySelector('#list > article').getAttribute('aria-label') === 'text 1'"
    )
    assert names(page) == ["text 1", "text 3", "text 0", "text 2", "text 4"]
    page.select_option("#order", label="least gain first")
    page.wait_for_function(
        "() => document.querySelector('#list > article').getAttribute('aria-label') === 'text 2'"
    )
    assert names(page) == ["text 2", "text 0", "text 3", "text 1", "text 4"]


def test_words_are_sought_in_all_texts(visit: Open, many: Path) -> None:
    page = visit(many)
    page.press("body", "/")
    page.keyboard.type("HERON saw")
    wait_for_status(page, "1–1 of 1 text with a kept call")
    assert names(page) == ["text 431"]
    assert [each.inner_text() for each in page.query_selector_all("mark")] == ["heron", "saw"]
    page.fill("#words", "answer 44")  # 44, 244, 344, and seven of 440 to 449
    wait_for_status(page, "1–10 of 10 texts with a kept call")
    page.fill("#words", '"answer 44"')
    wait_for_status(page, "1–8 of 8 texts with a kept call")
    page.fill("#words", "no such word")
    wait_for_status(page, "No text with these words among 450.")
    page.press("#words", "Escape")
    assert page.evaluate("document.activeElement === document.body")


def test_texts_are_stepped_through_with_keys(visit: Open, many: Path) -> None:
    page = visit(many)
    page.press("body", "j")
    page.press("body", "j")
    page.keyboard.press("c")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "text 2"
    page.wait_for_selector("#list > article:nth-child(2) table")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "text 1"


def brightness(page: Any, name: str = "backgroundColor") -> float:
    value = page.evaluate(f"getComputedStyle(document.body).{name}")
    return sum(float(each) for each in value.split("(")[1].rstrip(")").split(",")[:3]) / 3


def test_it_is_as_dark_as_the_system_and_can_be_changed(visit: Open, many: Path) -> None:
    assert brightness(visit(many, color_scheme="light")) > 230
    page = visit(many, color_scheme="dark")
    assert brightness(page) < 40
    assert brightness(page, "color") > 200
    page.click("#theme")
    assert brightness(page) > 230
    page.press("body", "t")
    assert brightness(page) < 40


def test_figures_have_the_colours_of_the_page(visit: Open, tmp_path: Path) -> None:
    made = write_report(
        [write_run(tmp_path / "run")],
        tmp_path / "report.html",
        evaluations=[write_evaluation(tmp_path / "evaluation")],
    ).path
    inks = []
    for scheme in ("light", "dark"):
        page = visit(made, color_scheme=scheme)
        found = page.evaluate(
            "[...document.querySelectorAll('svg text')].map(each => getComputedStyle(each).fill)"
        )
        assert len(found) > 20
        assert "rgb(0, 0, 0)" not in found
        inks.append(set(found))
    assert not inks[0] & inks[1]


def test_a_hostile_run_says_what_it_says_and_does_nothing(visit: Open, tmp_path: Path) -> None:
    made = write_report([write_hostile(tmp_path / "run")], tmp_path / "report.html", title=BAD).path
    page = visit(made)
    page.select_option("#verdict", "")
    wait_for_status(page, "1–3 of 3 texts")
    for summary in page.query_selector_all("#list summary"):
        summary.click()
    assert page.evaluate("typeof hacked") == "undefined"
    assert page.evaluate("document.querySelectorAll('img, main script').length") == 0
    assert names(page) == [BAD, "1B202E", "text 2"]
    first, second, _ = (each.text_content() for each in page.query_selector_all("#list .text"))
    assert first.replace(f" [<b>Echo</b>(a {BAD}) -> {BAD}]+1.00", "") == BAD
    assert "001B[2J" in second
    assert not [each for each in STEERING if ord(each) < 32 and each in second]
    assert BAD in page.text_content("#list > article:nth-child(3) th small")


def test_a_text_is_shown_as_each_of_two_runs_has_it(visit: Open, tmp_path: Path) -> None:
    runs = [
        write_documents(
            tmp_path / name, [document(n, "Some words here.", gain=gain) for n in order]
        )
        for name, gain, order in (("first", 1.0, (0, 1, 2)), ("second", 0.25, (5, 2, 1)))
    ]
    page = visit(write_report(runs, tmp_path / "report.html").path)
    page.select_option("#beside", label="second")
    page.wait_for_selector(".beside")
    columns = [
        each.inner_text()
        for each in page.query_selector_all("#list article:nth-child(2) .beside > div")
    ]
    assert "1 kept" in columns[0]
    assert "1 low gain" in columns[1]
    assert "not among the other run’s" in page.inner_text("#list article:first-child .beside")
    page.select_option("#run", label="second")
    wait_for_status(page, "1–3 of 3 texts")
    assert names(page) == ["text 5", "text 2", "text 1"]


def test_a_long_text_is_cut_around_its_calls_and_can_be_read_whole(
    visit: Open, tmp_path: Path
) -> None:
    text = "word " * 2000
    made = write_documents(tmp_path / "run", [document(0, text)])
    page = visit(write_report([made], tmp_path / "report.html").path)
    assert 500 < len(page.text_content(".text")) < 900
    page.click("text=the whole text, 10,000 characters")
    assert len(page.text_content(".text")) > 10_000


def test_it_is_read_on_a_narrow_screen_and_on_paper(
    visit: Open, many: Path, tmp_path: Path
) -> None:
    page = visit(many, viewport={"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.getElementById('bar')).display") == "none"
    assert brightness(page, "color") < 60
    assert page.pdf().startswith(b"%PDF")
