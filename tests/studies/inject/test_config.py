"""The settings of a training, and files that inherit from one another."""

from pathlib import Path

import pytest
import yaml

from toolformer.errors import ConfigError
from toolformer.studies.inject.config import InjectConfig, read_with_defaults

RECIPES = Path(__file__).parents[3] / "recipes" / "inject"


def write(path: Path, values: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def test_a_file_inherits_and_its_own_settings_go_before(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "base.yaml", {"seed": 1, "training": {"steps": 5, "rows": 2}})
    write(tmp_path / "more.yaml", {"defaults": "deep/base.yaml", "training": {"rows": 3}})
    write(tmp_path / "other.yaml", {"dataset": {"facts": "f"}, "seed": 2})
    leaf = write(
        tmp_path / "leaf.yaml",
        {"defaults": ["more.yaml", "other.yaml"], "training": {"length": 9}, "injection": None},
    )
    assert read_with_defaults(leaf) == {
        "seed": 2,
        "training": {"steps": 5, "rows": 3, "length": 9},
        "dataset": {"facts": "f"},
        "injection": None,
    }


def test_a_file_that_inherits_from_itself_or_from_none_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", {"defaults": "b.yaml"})
    write(tmp_path / "b.yaml", {"defaults": "a.yaml"})
    with pytest.raises(ConfigError, match=r"a\.yaml' inherits from itself"):
        read_with_defaults(tmp_path / "a.yaml")
    write(tmp_path / "c.yaml", {"defaults": "gone.yaml"})
    with pytest.raises(ConfigError, match=r"gone\.yaml"):
        read_with_defaults(tmp_path / "c.yaml")
    write(tmp_path / "d.yaml", {"defaults": 3})
    with pytest.raises(ConfigError, match="a file or a list of files, not 3"):
        read_with_defaults(tmp_path / "d.yaml")


@pytest.mark.parametrize(
    "injection", [{}, {"exposures": []}, {"exposures": [1], "percent": 2}, {"exposures": [0]}]
)
def test_an_injection_says_one_amount(injection: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        InjectConfig(dataset={"facts": "f"}, injection=injection)


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.name)
def test_the_recipes_can_be_read(path: Path) -> None:
    config = InjectConfig(**read_with_defaults(path))
    assert config.pretraining().steps == config.training.steps
    assert (config.injection is None) is (path.name == "base.yaml")
