"""BM25 finds what is asked in the documentation's words, and not what is only hinted at."""

from toolformer.studies.tool_tokens.catalog.records import Api
from toolformer.studies.tool_tokens.measuring.bm25 import search_bm25

APIS = [
    Api("travel", "blue_hotel", "price", "Returns the price of a hotel."),
    Api("travel", "blue_hotel", "rating", "Returns the rating of a hotel."),
    Api("weather", "red_storm", "speed", "Returns the speed of a storm. " + "It is long. " * 80),
]


def test_the_rarest_words_in_common_come_first_and_each_api_once() -> None:
    queries = ["the price of the hotel", "how fast is the storm", "a bed for tonight"]
    first, second, third = search_bm25(APIS, queries)
    assert first == ("blue_hotel&&price", "blue_hotel&&rating")
    assert second == ("red_storm&&speed",)
    assert third == ()
