"""Settings come from defaults, a file and flags; a wrong one is named in one sentence."""

import os
from enum import StrEnum
from pathlib import Path

import pytest
from pydantic import Field, model_validator

from toolformer.config import Config, canonical_json, differences, read_yaml
from toolformer.errors import ConfigError


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Paint(Config):
    colour: Colour = Colour.RED
    coats: int = Field(default=1, ge=1)
    thin: bool = False

    @model_validator(mode="after")
    def _thin_needs_two_coats(self) -> "Paint":
        if self.thin and self.coats < 2:
            raise ValueError("thin paint needs two coats")
        return self


class Bucket(Config):
    litres: float


class House(Config):
    rooms: dict[str, Paint] = Field(default_factory=dict)


def write(directory: Path, text: str) -> Path:
    path = directory / "paint.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    assert Paint.from_yaml(write(tmp_path, "coats: 3\n")) == Paint(coats=3)


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert Paint.from_yaml(write(tmp_path, "")) == Paint()


def test_a_flag_that_was_not_given_changes_nothing() -> None:
    paint = Paint(coats=3, colour=Colour.BLUE)
    assert paint.override(coats=None, colour="red", thin=None) == Paint(coats=3)


def test_a_flag_may_be_false_or_zero() -> None:
    assert Paint(coats=2, thin=True).override(thin=False) == Paint(coats=2)


def test_an_override_is_validated() -> None:
    with pytest.raises(ConfigError, match="'coats' cannot be 0"):
        Paint().override(coats=0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"coat": 2}, "Unknown setting 'coat'. Did you mean 'coats'? "
                      "Available: colour, coats, thin."),
        ({"coats": 0}, "The setting 'coats' cannot be 0: input should be greater than or equal "
                       "to 1."),
        ({"colour": "green"}, "The setting 'colour' cannot be 'green': input should be 'red' or "
                              "'blue'."),
        ({"thin": True}, "The settings do not go together: thin paint needs two coats."),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_one_sentence_with_the_value(
    values: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        Paint(**values)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("room", "message"),
    [
        ({"coats": 0}, "The setting 'rooms.hall.coats' cannot be 0: input should be greater than "
                       "or equal to 1."),
        ({"coat": 2}, "In 'rooms.hall': Unknown setting 'coat'. Did you mean 'coats'? "
                      "Available: colour, coats, thin."),
        ({"thin": True}, "The settings of 'rooms.hall' do not go together: thin paint needs two "
                         "coats."),
    ],
)  # fmt: skip
def test_a_wrong_setting_within_others_is_named_with_where_it_stands(
    room: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        House(rooms={"hall": room})
    assert str(raised.value) == message


def test_settings_within_others_are_read_and_overridden() -> None:
    house = House(rooms={"hall": {"coats": 2}}).override(rooms={"den": Paint(coats=3)})
    assert house == House(rooms={"den": {"coats": 3}})


def test_a_missing_setting_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^The setting 'litres' is missing\.$"):
        Bucket()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- 1\n- 2\n", "must map names to values"),
        ("1: 2\n", "must map names to values"),
        ("a: b: c\n", "it is not YAML at line 1"),
        ("seed: " + "[" * 5000, "it is nested too deeply"),
        ("seed: 2023-99-99\n", "it has a value that is not one: month must be in 1..12"),
        ("seed: 0x_\n", "it has a value that is not one"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_yaml(write(tmp_path, text))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(ConfigError, match="it is not a plain file"):
            read_yaml(path)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "paint.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="it is not UTF-8 text"):
        read_yaml(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.yaml': No such file or directory\."):
        read_yaml(tmp_path / "absent.yaml")


def test_settings_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Paint().coats = 2  # type: ignore[misc]


def test_a_fingerprint_changes_with_any_setting_and_with_nothing_else() -> None:
    assert Paint(coats=2).fingerprint() == Paint().override(coats=2).fingerprint()
    prints = {
        Paint().fingerprint(),
        Paint(coats=2).fingerprint(),
        Paint(colour="blue").fingerprint(),
    }
    assert len(prints) == 3
    assert all(len(each) == 16 for each in prints)


def test_canonical_json_has_one_form() -> None:
    assert canonical_json({"b": [1, "é"], "a": None}) == '{"a":null,"b":[1,"é"]}'


def test_differences_name_each_field_by_its_path_with_both_values() -> None:
    old = {"config": {"seed": 1, "k": 5}, "tools": ["a"], "name": "x"}
    new = {"config": {"seed": 2, "k": 5, "m": 3}, "tools": ["a", "b"], "name": "x"}
    assert differences(old, new) == [
        "config.m (null, now 3)",
        "config.seed (1, now 2)",
        'tools (["a"], now ["a", "b"])',
    ]
