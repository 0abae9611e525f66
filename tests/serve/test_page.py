"""The page to try a server, in a browser: colours, keyboard, refusals, light and dark."""

import shutil
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.infer.decoding import CALL, GOES_ON, PROMPT, scripted
from tests.serve.serving import Serving, serving
from tests.serve.test_chat import SCRIPT, Chatting
from toolformer.lm.scripted.streams import Continuation
from toolformer.tools import tool
from toolformer.tools.builtin.calculator import calculator

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    made = browser.new_page()
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    yield made
    made.close()
    assert problems == []


@pytest.fixture(scope="module")
def server() -> Iterator[Serving]:
    script = [(PROMPT, CALL), GOES_ON, ("by 0 is", " [Calculator(1 / 0)")]
    model = scripted(*script, Continuation("by 0 is", " nothing.", weight=0.5))
    with serving(model, [calculator]) as made:
        yield made


def ask(page: Page, text: str) -> None:
    page.get_by_label("A text for the model to continue").fill(text)
    page.keyboard.press("Control+Enter")


def test_a_call_and_its_output_have_colours_of_their_own(page: Page, server: Serving) -> None:
    page.goto(server.address)
    expect(page).to_have_title("tested")
    expect(page.locator("#tools")).to_have_text("calls Calculator")
    for each in ("key", "chat"):  # there is none
        expect(page.get_by_label(each)).to_be_hidden()
    ask(page, PROMPT)
    expect(page.locator(".said .call")).to_have_text(CALL)
    expect(page.locator(".said .output")).to_have_text(" -> 4]")
    expect(page.locator(".said .text")).to_have_text(" 4.")
    expect(page.locator("article .faint")).to_contain_text("1 call in")
    colours = {
        kind: page.locator(f".said .{kind}").evaluate("each => getComputedStyle(each).color")
        for kind in ("prompt", "call", "output")
    }
    assert len(set(colours.values())) == 3


def test_a_failed_call_is_crossed_out_with_its_reason(page: Page, server: Serving) -> None:
    page.goto(server.address)
    ask(page, "1 by 0 is")
    expect(page.locator(".said .failed")).to_have_text(" [Calculator(1 / 0)")
    expect(page.locator(".said .reason")).to_contain_text("Cannot divide by zero")
    expect(page.locator(".said .text")).to_have_text(" nothing.")


def test_escape_stops_an_answer_and_frees_its_place(page: Page) -> None:
    release = threading.Event()

    @tool(name="Calculator")
    def wait(expression: str) -> str:
        """Waits."""
        release.wait(timeout=60)
        return "4"

    with serving(scripted((PROMPT, CALL), GOES_ON), [wait]) as server:
        page.goto(server.address)
        ask(page, PROMPT)
        expect(page.locator(".said .call")).to_have_text(CALL)
        page.keyboard.press("Escape")
        expect(page.locator("article .faint")).to_have_text("Stopped.")
        assert server.is_idle()
        release.set()


def test_what_is_refused_is_told(page: Page, server: Serving) -> None:
    page.goto(server.address)
    page.get_by_label("tokens").fill("100000")
    ask(page, PROMPT)
    expect(page.locator(".problem")).to_contain_text("An answer may have 1024 tokens here")


def test_a_key_is_asked_for_where_one_is_needed(page: Page) -> None:
    with serving(scripted((PROMPT, " 4.")), keys=["secret"]) as server:
        page.goto(server.address)
        page.get_by_label("key").fill("secret")
        page.keyboard.press("Tab")
        expect(page).to_have_title("tested")
        ask(page, PROMPT)
        expect(page.locator(".said .text")).to_have_text(" 4.")


def test_messages_are_a_conversation_until_a_new_one_begins(page: Page) -> None:
    with serving(Chatting(continuations=SCRIPT), [calculator]) as server:
        page.goto(server.address)
        page.get_by_label("chat").check()
        for said, answer in {"3 + 4?": " 7.", "Sure?": "Yes."}.items():
            page.get_by_label("What you say").fill(said)
            page.keyboard.press("Control+Enter")
            expect(page.locator("article").first.locator(".text").last).to_have_text(answer)
        page.get_by_role("button", name="New conversation").click()
        expect(page.locator("article")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser: Browser, server: Serving, scheme: str) -> None:
    """The contrast that WCAG asks for, in both schemes."""
    page = browser.new_page(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(server.address)
    ask(page, f"Well, {PROMPT}")
    expect(page.locator(".said .output")).to_be_visible()
    ask(page, "1 by 0 is")
    expect(page.locator(".said .failed")).to_be_visible()
    for kind in ("text", "call", "output", "prompt", "failed", "reason"):
        ratio = page.locator(f".said .{kind}").first.evaluate(CONTRAST)
        assert ratio >= 4.5, (scheme, kind, ratio)
    page.close()


CONTRAST = """element => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = parts(colour).slice(0, 3).map((each) => each / 255).map(
      (each) => each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let behind = element;
  while (parts(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
  const ground = getComputedStyle(behind).backgroundColor;
  const [a, b] = [light(getComputedStyle(element).color), light(ground)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""
