"""Lists of calls with keywords: which are the same, which cannot be read, what they say."""

import pytest

from toolformer.calls import (
    KeywordCall,
    read_keyword_calls,
    split_keyword_call,
    write_keyword_calls,
)

SAME = {
    "as it is": ("[Add(a=1)]", "[Add(a=1)]"),
    "the order of keywords": ("[Add(a=1, b=2)]", "[Add(b=2, a=1)]"),
    "the order of three": ("[F(a='1', b='2', c='3')]", "[F(c='3', a='1', b='2')]"),
    "the kind of quotes": ("[Say(text='hello')]", '[Say(text="hello")]'),
    "quotes in quotes": ("""[Say(text="it's on")]""", r"[Say(text='it\'s on')]"),
    "a quote that is not escaped": ("[Say(text='it's on')]", '[Say(text="it\'s on")]'),
    "curly quotes": ("[Say(text=“hello”)]", "[Say(text='hello')]"),
    "white space": ("[Add( a = 1 ,b=2 )]", "[Add(a=1, b=2)]"),
    "line ends": ("[Add(\n  a=1,\n  b=2\n)]", "[Add(a=1, b=2)]"),
    "words in front": ("API-Request: [Add(a=1)]", "[Add(a=1)]"),
    "a token behind": (" [Add(a=1)] <|end|>", "[Add(a=1)]"),
    "what the call returned": ("[Add(a=1)]->{'sum': 2}", "[Add(a=1)]"),
    "other brackets in front": ("[see below] [Add(a=1)]", "[Add(a=1)]"),
    "a number's fraction of zero": ("[Add(a=1.0)]", "[Add(a=1)]"),
    "a negative number": ("[Add(a=-1)]", "[Add(a= -1)]"),
    "Python's and JSON's words": ("[Set(on=True, to=None)]", "[Set(on=true, to=null)]"),
    "a list": ("[Mix(of=['a', 'b'])]", '[Mix(of=["a","b"])]'),
    "a tuple": ("[Mix(of=('a', 'b'))]", "[Mix(of=['a', 'b'])]"),
    "a dictionary in any order": ("[Put(at={'x': 1, 'y': 2})]", "[Put(at={'y': 2, 'x': 1})]"),
    "JSON in a value": ('[Put(at={"on": true})]', "[Put(at={'on': True})]"),
    "deep nesting": ("[Put(at={'x': [1, {'y': []}]})]", '[Put(at={"x":[1,{"y":[]}]})]'),
    "brackets in a text": ("[Say(text='a) [b(c=1)] {')]", '[Say(text="a) [b(c=1)] {")]'),
    "two calls": ("[Add(a=1), Now()]", "[ Add(a=1) ,Now() ]"),
    "two lists": ("[Add(a=1)]\n[Now()]", "[Add(a=1), Now()]"),
    "no arguments": ("[Now()]", "[ Now ( ) ]"),
    "an empty text": ("[Say(text='')]", '[Say(text="")]'),
    "other letters": ("[Find(city='北京')]", '[Find(city="北京")]'),
}
DIFFERENT = {
    "another name": ("[Add(a=1)]", "[Sub(a=1)]"),
    "the case of a name": ("[Add(a=1)]", "[add(a=1)]"),
    "another keyword": ("[Add(a=1)]", "[Add(b=1)]"),
    "one keyword more": ("[Add(a=1)]", "[Add(a=1, b=2)]"),
    "another value": ("[Add(a=1)]", "[Add(a=2)]"),
    "a number and its text": ("[Add(a=1)]", "[Add(a='1')]"),
    "one and true": ("[Add(a=1)]", "[Add(a=True)]"),
    "the case of a value": ("[Say(text='Hello')]", "[Say(text='hello')]"),
    "white space in a value": ("[Say(text='a b')]", "[Say(text='a  b')]"),
    "a list and the text of it": ("[Mix(of=['a'])]", """[Mix(of="['a']")]"""),
    "the order of a list": ("[Mix(of=[1, 2])]", "[Mix(of=[2, 1])]"),
    "a value deep inside": ("[Put(at={'x': [1]})]", "[Put(at={'x': [2]})]"),
    "the order of calls": ("[Add(a=1), Now()]", "[Now(), Add(a=1)]"),
    "one call more": ("[Add(a=1)]", "[Add(a=1), Now()]"),
    "nothing and an empty text": ("[Say(text=None)]", "[Say(text='')]"),
}
UNREADABLE = {
    "nothing": "",
    "words": "I would call the API.",
    "an empty list": "[]",
    "a missing bracket": "[Add(a=1)",
    "a missing parenthesis": "[Add(a=1]",
    "a missing quote": "[Say(text='hello)]",
    "no brackets": "Add(a=1)",
    "a text without quotes": "[Find(city=New York)]",
    "a missing value": "[Find(city=)]",
    "a missing keyword": "[Find('Oslo')]",
    "a keyword twice": "[Add(a=1, a=2)]",
    "a missing comma": "[Add(a=1 b=2)]",
    "calls without a comma": "[Add(a=1) Now()]",
    "brackets that cross": "[Mix(of=[1, {2])]",
    "the form alone": "[ApiName(key1='value1', key2='value2', ...)]",
    "an object": '{"name": "Add", "arguments": {"a": 1}}',
    "a sum": "[Calculate(formula=(5+6)*3)]",
}


@pytest.mark.parametrize("case", SAME)
def test_calls_are_the_same_where_only_this_differs(case: str) -> None:
    first, second = map(read_keyword_calls, SAME[case])
    assert first is not None
    assert first == second


@pytest.mark.parametrize("case", DIFFERENT)
def test_calls_differ_where_this_does(case: str) -> None:
    first, second = map(read_keyword_calls, DIFFERENT[case])
    assert first is not None
    assert second is not None
    assert first != second


@pytest.mark.parametrize("case", UNREADABLE)
def test_no_call_is_read_where_there_is(case: str) -> None:
    assert read_keyword_calls(UNREADABLE[case]) is None


def test_a_dictionary_in_quotes_is_a_text_to_its_end() -> None:
    text = "[Share(id='M1', to='{'name': 'Li Ming', 'phone': '138'}')]"
    assert read_keyword_calls(text) == [
        KeywordCall("Share", {"id": "M1", "to": "{'name': 'Li Ming', 'phone': '138'}"})
    ]


def test_the_whole_text_must_be_one_list_where_that_is_asked() -> None:
    assert read_keyword_calls(" [Now()] ", whole=True) == [KeywordCall("Now")]
    for text in ("So [Now()]", "[Now()].", "[Now()] [Now()]"):
        assert read_keyword_calls(text, whole=True) is None


def test_one_call_is_split_from_its_arguments_as_they_are_written() -> None:
    text = "[Say( text = 'it's on', to=[1])]"
    call, written = split_keyword_call(text) or (None, None)
    assert call == KeywordCall("Say", {"text": "it's on", "to": [1]})
    assert written == "text = 'it's on', to=[1]"
    assert split_keyword_call("[Now()]") == (KeywordCall("Now"), "")
    assert split_keyword_call("[Now(), Now()]") is None


def test_what_is_written_is_read_back() -> None:
    calls = [KeywordCall("Say", {"text": 'it\'s "on"', "of": [1, {"a": None}]}), KeywordCall("Now")]
    assert read_keyword_calls(write_keyword_calls(calls)) == calls
    assert len({*calls, KeywordCall("Now", {})}) == 2


def test_a_text_of_quotes_and_brackets_without_end_is_read_in_time() -> None:
    for text in ("[A(a='" + "'," * 9000, "[" * 19_000, "[A(a=" + "[" * 19_000, "[A(b=1, " * 2000):
        assert read_keyword_calls(text) is None
