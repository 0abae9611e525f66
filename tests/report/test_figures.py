"""A figure stands in a page without a style of its own, in the page's colours."""

import re
from pathlib import Path
from xml.etree import ElementTree

from tests.report.pages import Page, write_evaluation
from toolformer.evaluate.results import RESULTS
from toolformer.report.evaluation import view_evaluation
from toolformer.report.figures import COLOURS, SERIES, as_svg, colour, new_figure


def drawn(name: str = "a", title: str = "A title") -> str:
    figure, axes = new_figure(200, 100)
    axes.plot([0, 1], [0, 1], color=COLOURS["kept"])
    axes.bar([0, 1], [1, 2], color=COLOURS["other"])
    axes.set_xlabel(r"$\frac{1 & <b>")
    return str(as_svg(figure, name=name, title=title))


def test_colours_are_classes_and_nothing_has_a_style() -> None:
    svg = drawn()
    assert "style" not in svg
    assert "#0101" not in svg
    assert {"stroke-kept", "fill-other", "stroke-grid", "fill-faint"} <= set(
        " ".join(re.findall('class="([^"]+)"', svg)).split()
    )


def test_two_figures_of_a_page_share_no_id_and_refer_to_their_own() -> None:
    ids = []
    for name in ("a", "b"):
        page = Page(drawn(name))
        found = {given["id"] for _, given in page.tags if "id" in given}
        used = set(re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)", page.html))
        assert {a or b for a, b in used} <= found
        ids.append(found)
    assert not ids[0] & ids[1]


def test_what_a_label_says_is_text_and_no_mathematics() -> None:
    root = ElementTree.fromstring(drawn(title='"<i>'))  # noqa: S314  our own
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert r"$\frac{1 & <b>" in texts
    assert root.get("aria-label") == '"<i>'


def test_colours_begin_anew_after_the_last() -> None:
    assert colour(SERIES) == colour(0) != colour(1)
    assert len(set(COLOURS.values())) == len(COLOURS)


def test_an_evaluation_is_drawn_whatever_its_tasks_are_called(tmp_path: Path) -> None:
    path = write_evaluation(tmp_path / "evaluation") / RESULTS
    name = "$x_ <b> \\u001b " + "long " * 20
    path.write_text(path.read_text().replace('"sums"', f'"{name}"'))
    shown = view_evaluation(path.parent, number=0)
    assert [plot.legend for plot in shown.plots] == [
        ("tuned", "control"),
        ("accuracy", "inputs with a call"),
    ]
    assert "⟨1B⟩" in shown.plots[0].svg
    assert shown.name == "evaluation"
