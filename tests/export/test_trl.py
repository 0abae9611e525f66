"""What others train on: two steps of TRL's SFTTrainer on each format, and its environment."""

from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import get_json_schema
from trl import SFTConfig, SFTTrainer

from tests.export.test_export import run as run  # the fixture
from tests.models import save_model
from toolformer.errors import ConfigError
from toolformer.export import ExportFormat, export_run, trl_environment
from toolformer.export.rows import FORMATS
from toolformer.runs.directory import Run
from toolformer.tools import tool

TEMPLATE = """{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}<{{ m.role }}>
{{ m.content }}{% for c in m.tool_calls or [] %}{{ c.function.name }}({{ c.function.arguments }})
{% endfor %}{% endfor %}"""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")  # of TRL's own
@pytest.mark.parametrize("kind", FORMATS)
def test_two_steps_are_trained(run: Run, tmp_path: Path, kind: ExportFormat) -> None:
    path = save_model(tmp_path / "model", "llama")
    model = str(path) if kind == "tokens" else None
    export_run(run, tmp_path / "out", kind=kind, model=model, all_texts=kind != "openai")
    dataset = load_dataset(str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache"))
    tokenizer = AutoTokenizer.from_pretrained(path)
    tokenizer.chat_template = TEMPLATE
    settings: dict[str, Any] = {"use_cpu": True, "bf16": False}
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(path),
        processing_class=tokenizer,
        train_dataset=dataset.remove_columns("id"),
        args=SFTConfig(
            output_dir=str(tmp_path / "trained"),
            max_steps=2,
            per_device_train_batch_size=2,
            max_length=256,
            report_to="none",
            save_strategy="no",
            **settings,
        ),
    )
    done = trainer.train()
    assert done.global_step == 2
    assert 0 < done.training_loss < 20


def test_an_environment_has_a_method_for_each_tool() -> None:
    @tool
    def repeat(word: str, times: int = 2) -> str:
        """Repeats a word.

        Args:
            word: What is said.
            times: How often.
        """
        return " ".join([word] * times)

    environment: Any = trl_environment(["calculator", repeat])()
    assert environment.reset(question="unused") is None
    assert environment.repeat(word="ho", times=3) == "ho ho ho"
    assert environment.repeat(word="ho") == "ho ho"
    assert environment.Calculator(expression="2 * 21") == "42"
    assert environment.Calculator(expression="two").startswith("Error: ")
    schema = get_json_schema(environment.repeat)["function"]
    assert (schema["name"], schema["description"]) == ("repeat", "Repeats a word.")
    assert schema["parameters"]["properties"]["times"] == {
        "type": "integer",
        "description": "How often.",
    }
    assert schema["parameters"]["required"] == ["word"]


def test_a_name_that_no_method_can_have_is_refused() -> None:
    @tool(name="get-day")
    def day() -> str:
        """Says a day."""
        return "Friday"

    with pytest.raises(ConfigError, match="cannot name a method"):
        trl_environment([day])
