"""When bfloat16 is as good as float32."""

from pathlib import Path

import pytest

from recipes.real.dtype import Agreement, agreement, has_fast_bfloat16, is_within_noise


def test_agreement_counts_what_both_keep_among_what_either_keeps() -> None:
    ours = {("a", 3, "1 + 1"), ("a", 9, "2 + 2"), ("b", 1, "3 + 3")}
    theirs = {("a", 3, "1 + 1"), ("a", 9, "2 * 2")}
    found = agreement(ours, theirs)
    assert (found.kept, found.other, found.both) == (3, 2, 1)
    assert found.share == 0.25
    assert agreement(set(), set()).share == 1.0


@pytest.mark.parametrize(("both", "harmless"), [(19, True), (18, True), (17, False)])
def test_what_changes_no_more_than_a_seed_is_within_noise(both: int, harmless: bool) -> None:
    assert is_within_noise(Agreement(20, 20, both), noise=Agreement(20, 20, 18)) is harmless


def test_a_processor_says_whether_it_has_instructions_for_bfloat16(tmp_path: Path) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text("flags : fpu avx512f avx_vnni\n")
    assert not has_fast_bfloat16(info)
    for flag in ("amx_bf16", "avx512_bf16"):
        info.write_text(f"flags : fpu avx512f {flag}\n")
        assert has_fast_bfloat16(info)
    assert not has_fast_bfloat16(tmp_path / "none")
