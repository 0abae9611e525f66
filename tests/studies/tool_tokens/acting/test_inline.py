"""Inline calls with documentation in the prompt: what is learned, and what is read back."""

from toolformer.lm.registry import load_model
from toolformer.studies.tool_tokens.acting.inline import call_inline, inline_texts, with_gold
from toolformer.studies.tool_tokens.catalog.files import Catalogue


def test_a_call_is_learned_behind_the_documentation_of_what_is_shown(catalogue: Catalogue) -> None:
    queries = [query for query in catalogue.queries if len(query.calls) == 1][:3]
    shown = [catalogue.apis[:4]] * 3
    texts = list(inline_texts(queries, shown, catalogue.by_id))
    assert len(texts) == 3
    for query, text in zip(queries, texts, strict=True):
        assert text.prompt == len(text.text)
        assert text.text.endswith(f"Query: {query.text}\nCall:")
        assert all(api.documentation in text.text for api in shown[0])
        [placed] = text.calls
        assert placed.call.tool == query.calls[0].api


def test_a_query_of_several_calls_is_passed_over(catalogue: Catalogue) -> None:
    queries = [query for query in catalogue.queries if len(query.calls) > 1][:3]
    assert not list(inline_texts(queries, [catalogue.apis[:4]] * 3, catalogue.by_id))


def test_a_model_calls_only_what_it_is_shown(catalogue: Catalogue) -> None:
    queries = [query for query in catalogue.queries if len(query.calls) == 1][:4]
    shown = [catalogue.apis[n : n + 2] for n in range(4)]
    calls = list(call_inline(load_model("nano", device="cpu"), queries, shown))
    assert len(calls) == 4
    for call, apis in zip(calls, shown, strict=True):
        assert call is None or call.api in {api.id for api in apis}


def test_the_gold_apis_are_among_those_shown(catalogue: Catalogue) -> None:
    query = next(each for each in catalogue.queries if len(each.apis) == 2)
    found = [api.id for api in catalogue.apis[:6]]
    for most in (3, 5):
        shown = with_gold(found, query, most=most)
        assert len(shown) == most
        assert set(query.apis) <= set(shown)
