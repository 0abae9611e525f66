"""A repository is opened before the work, and each way in which it cannot be is a sentence."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from tests.hub.given import served
from tests.hub.stand_in import READ_TOKEN, StandIn
from toolformer.errors import ConfigError, HubError
from toolformer.hub.repository import open_repository, read_card, write_card


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[StandIn]:
    with served(tmp_path) as hub:
        yield hub


def test_one_that_is_not_there_is_made_for_the_owner_of_the_token(hub: StandIn) -> None:
    opened = open_repository("my-run", kind="dataset", private=True)
    assert opened.name == "me/my-run"
    assert opened.url == f"{hub.endpoint}/datasets/me/my-run"
    assert hub.datasets("me/my-run").private
    assert not hub.datasets("me/my-run").messages


def test_one_that_is_there_is_opened_again(hub: StandIn) -> None:
    first = open_repository("us/model", kind="model")
    assert open_repository("us/model", kind="model") == first
    assert first.url == f"{hub.endpoint}/us/model"
    assert not hub.models("us/model").private


def test_what_is_to_be_private_is_never_put_where_everybody_looks(hub: StandIn) -> None:
    open_repository("me/run", kind="dataset")
    with pytest.raises(HubError, match=r"'me/run' is on the Hub already, and is public"):
        open_repository("me/run", kind="dataset", private=True)


def test_without_a_token_it_is_said_where_one_comes_from(
    hub: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(HubError, match=r"there is no token of the Hub: log in once, `hf auth log"):
        open_repository("me/run", kind="dataset")
    assert hub.asked == []


def test_a_token_is_found_where_a_login_left_it(
    hub: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    token = "hf_of_the_tests_which_nobody_has"  # noqa: S105
    monkeypatch.delenv("HF_TOKEN")
    (tmp_path / "token").write_text(token)
    assert open_repository("run", kind="dataset").name == "me/run"


@pytest.mark.parametrize(
    ("token", "name", "sentence"),
    [
        ("hf_unknown", "me/run", r"it does not know the token: log in anew"),
        (READ_TOKEN, "me/run", r"the token of the Hub may only read"),
        (None, "somebody/run", r"the token may not write there"),
    ],
)
def test_a_token_that_is_not_enough_is_refused(
    hub: StandIn, monkeypatch: pytest.MonkeyPatch, token: str | None, name: str, sentence: str
) -> None:
    if token is not None:
        monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(HubError, match=sentence):
        open_repository(name, kind="dataset")
    assert hub.repositories == {}


@pytest.mark.parametrize(
    ("name", "reason"), [("a/b/c", "owner/name"), ("me/a b", "owner/name"), ("", "owner/name")]
)
def test_a_name_that_no_repository_has_is_refused_without_asking(
    hub: StandIn, name: str, reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason):
        open_repository(name, kind="dataset")
    assert hub.asked == []


@pytest.mark.parametrize(
    ("asked", "status", "sentence"),
    [
        ("whoami", 401, "does not know the token"),
        ("auth-check", 403, "may not write there"),
        ("auth-check", 404, "no such repository"),
        ("repos/create", 429, "asked too often"),
        ("repos/create", 500, "status 500, told to fail"),
    ],
)
def test_what_the_hub_refuses_is_a_sentence(
    hub: StandIn, asked: str, status: int, sentence: str
) -> None:
    hub.failing[asked] = status
    with pytest.raises(HubError, match=f"^The Hub refuses 'me/run': .*{sentence}") as caught:
        open_repository("me/run", kind="dataset")
    assert "\n" not in str(caught.value)


def test_a_repository_that_only_others_may_write_to_is_refused(hub: StandIn) -> None:
    from tests.hub.stand_in import Stored

    hub.repositories["datasets/somebody/run"] = Stored(private=False)
    with pytest.raises(HubError, match="may not write there"):
        open_repository("somebody/run", kind="dataset")


def test_a_licence_that_the_hub_does_not_know_is_refused_before_anything_is_made(
    hub: StandIn,
) -> None:
    with pytest.raises(ConfigError, match="The Hub knows no licence 'mine'"):
        open_repository("me/run", kind="dataset", license_="mine")
    assert hub.repositories == {}
    assert open_repository("me/run", kind="dataset", license_="mit").name == "me/run"


def test_no_network_is_a_sentence(hub: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(
        HubError, match=r"^The Hub cannot be reached for 'me/run' \(.*\): try again"
    ):
        open_repository("me/run", kind="dataset")


def test_offline_is_said_by_its_name(hub: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="since HF_HUB_OFFLINE is set: unset it"):
        open_repository("me/run", kind="dataset")


def test_a_card_is_read_back(hub: StandIn) -> None:
    opened = open_repository("me/run", kind="dataset")
    assert read_card(opened) is None
    write_card(opened, "---\nlicense: mit\n---\n# Mine\n")
    assert read_card(opened) == "---\nlicense: mit\n---\n# Mine\n"


def test_what_the_hub_says_of_a_card_is_passed_on(hub: StandIn) -> None:
    opened = open_repository("me/run", kind="dataset")
    with pytest.raises(HubError, match='"license" must be one of'):
        write_card(opened, "---\nlicense: mine\n---\n# Mine\n")
