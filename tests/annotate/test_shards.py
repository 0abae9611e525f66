"""A shard ends where its run says that shards end."""

from hypothesis import given
from hypothesis import strategies as st

from toolformer.annotate.shards import cut_shards
from toolformer.records import Document


@given(
    st.lists(st.integers(0, 50)),
    st.integers(1, 5),
    st.one_of(st.none(), st.integers(1, 100)),
)
def test_shards_hold_all_documents_in_order_and_end_as_soon_as_they_are_full(
    sizes: list[int], most: int, characters: int | None
) -> None:
    texts = [Document(str(n), "a" * size) for n, size in enumerate(sizes)]
    shards = list(cut_shards(texts, documents_per_shard=most, characters_per_shard=characters))
    assert [each for shard in shards for each in shard] == texts
    for number, shard in enumerate(shards):
        lengths = [len(each.text) for each in shard]
        assert 1 <= len(shard) <= most
        if characters is not None:
            assert sum(lengths[:-1]) < characters
        is_full = len(shard) == most or (characters is not None and sum(lengths) >= characters)
        assert is_full or number == len(shards) - 1
