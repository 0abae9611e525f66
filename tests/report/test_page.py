"""Nothing that a run says can leave its place in the page."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from tests.report.pages import (
    BAD,
    STEERING,
    Page,
    read_page,
    write_evaluation,
    write_hostile,
    write_run,
)
from toolformer.report import write_report


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Page:
    folder = tmp_path_factory.mktemp("hostile")
    run = write_hostile(folder / "run<i>")
    title = BAD + STEERING + "\ud800"
    return read_page(write_report([run], folder / "report.html", title=title).path)


def test_markup_in_a_run_makes_no_element(hostile: Page) -> None:
    scripts = [given.get("type") for tag, given in hostile.tags if tag == "script"]
    assert scripts == ["application/json", "text/plain", None, "text/plain"]
    assert not [tag for tag, _ in hostile.tags if tag in ("img", "b", "i0")]
    assert not [name for _, given in hostile.tags for name in given if name.startswith("on")]
    assert BAD in hostile.said


def test_the_texts_are_what_they_were(hostile: Page) -> None:
    rows = hostile.texts()
    assert rows[0][:2] == [BAD, BAD]
    assert rows[1][1] == "a" + STEERING + "b"
    assert rows[2][3][0][5] == f"{BAD}\x07"


def test_hidden_characters_are_written_out(hostile: Page) -> None:
    outside = hostile.said.replace("\n", "")
    assert not [each for each in STEERING + "\x07" if each in outside and not each.isascii()]
    assert not [each for each in "\x00\x1b\x07" if each in hostile.html]
    assert "⟨1B⟩[2J⟨202E⟩evil⟨2066⟩⟨2028⟩⟨D800⟩" in hostile.said


def test_a_browser_may_run_the_page_s_own_script_and_style_alone(hostile: Page) -> None:
    [policy] = [
        given["content"] or ""
        for tag, given in hostile.tags
        if tag == "meta" and given.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; ")
    for name, text in (("script-src", hostile.scripts[""]), ("style-src", hostile.style)):
        digest = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_the_page_is_whole_in_itself(tmp_path: Path) -> None:
    evaluation = write_evaluation(tmp_path / "evaluation")
    run = write_run(tmp_path / "run")
    page = read_page(write_report([run], tmp_path / "r.html", evaluations=[evaluation]).path)
    assert not [given for _, given in page.tags if "style" in given]
    addresses = {
        value
        for _, given in page.tags
        for name, value in given.items()
        if name in ("href", "src", "action", "xlink:href") and value
    }
    assert {each for each in addresses if not each.startswith("#")} == {"data:,"}
    ids = [given["id"] for _, given in page.tags if "id" in given]
    assert len(ids) == len(set(ids))
    linked = {each[1:] for each in addresses if each.startswith("#")}
    assert linked <= set(ids)
    assert "url(http" not in page.html
    assert "@import" not in page.style


def test_what_is_drawn_and_tabled_is_named(tmp_path: Path) -> None:
    page = read_page(write_report([write_run(tmp_path / "run")], tmp_path / "r.html").path)
    drawn = [given for tag, given in page.tags if tag == "svg"]
    assert drawn
    assert all(given.get("role") == "img" and given.get("aria-label") for given in drawn)
    names = [tag for tag, _ in page.tags]
    assert names.count("caption") == names.count("table")
    assert names.count("h1") == names.count("main") == 1
    assert [given["lang"] for tag, given in page.tags if tag == "html"] == ["en"]
