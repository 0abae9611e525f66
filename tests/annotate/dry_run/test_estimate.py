"""An estimate is right on average, and its interval holds the truth as often as it says."""

from random import Random

import pytest

from toolformer.annotate.dry_run.estimate import DocumentCost, estimate


def test_time_and_size_are_in_proportion_to_the_characters() -> None:
    found = estimate(
        [DocumentCost(50, 1.0), DocumentCost(150, 3.0)],
        start_s=2.0,
        sample_bytes=400,
        fixed_bytes=70,
        documents=20,
        characters=2000,
        with_placebos=0,
    )
    assert found.seconds == pytest.approx(42.0)
    assert found.margin_s == 0.0  # every text took a fiftieth of a second a character
    assert found.bytes == 70 + 4000


def test_placebos_are_scored_in_the_first_documents_alone() -> None:
    costs = [DocumentCost(100, 1.0, 0.5)] * 4

    def seconds(documents: int) -> float:
        return estimate(
            costs,
            start_s=0.0,
            sample_bytes=1,
            documents=documents,
            characters=100 * documents,
            with_placebos=512,
        ).seconds

    assert seconds(100) == pytest.approx(150.0)
    assert seconds(5120) == pytest.approx(5120 + 256)


def test_more_devices_share_all_but_the_start() -> None:
    found = estimate(
        [DocumentCost(100, 1.0)] * 2,
        start_s=8.0,
        sample_bytes=1,
        documents=100,
        characters=10_000,
        with_placebos=0,
    )
    assert [found.seconds_on(devices) for devices in (1, 2, 4)] == [108.0, 58.0, 33.0]


def test_rounds_take_as_long_each() -> None:
    once, twice = (
        estimate(
            [DocumentCost(100, 1.0), DocumentCost(100, 2.0)],
            start_s=8.0,
            sample_bytes=1,
            documents=100,
            characters=10_000,
            with_placebos=0,
            rounds=rounds,
        )
        for rounds in (1, 2)
    )
    assert twice.seconds == 2 * once.seconds
    assert twice.margin_s == 2 * once.margin_s


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    draws = Random(1)
    corpus = []
    for _ in range(2000):
        characters = draws.randint(50, 1500)
        corpus.append(DocumentCost(characters, characters * draws.uniform(0.5, 1.5) / 1000))
    truth = sum(each.seconds for each in corpus)
    held = 0
    for _ in range(300):
        found = estimate(
            draws.sample(corpus, 60),
            start_s=0.0,
            sample_bytes=1,
            documents=len(corpus),
            characters=sum(each.characters for each in corpus),
            with_placebos=0,
        )
        held += abs(found.seconds - truth) <= found.margin_s
    assert 0.9 <= held / 300 <= 0.99
