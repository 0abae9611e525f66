"""Results are kept, the least recently used one is forgotten."""

from toolformer.tools.execution.cache import ResultCache


def test_the_result_that_was_not_used_for_longest_is_forgotten() -> None:
    cache = ResultCache[int](max_results=2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (1, None, 3)


def test_a_newer_result_replaces_the_older() -> None:
    cache = ResultCache[int](max_results=2)
    cache.put("a", 1)
    cache.put("a", 2)
    assert cache.get("a") == 2
