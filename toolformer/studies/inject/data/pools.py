"""What stands in the slots: names of people and values of attributes, all made up.

Each pool is a product of short lists, so that it is large and its values look alike.
"""

from collections.abc import Sequence
from itertools import product


def _words(text: str) -> list[str]:
    return text.split()


_MONTHS = _words(
    """
    January February March April May June July August September October November December
    """
)
_GIVEN = _words(
    """
    Ada Alma Amos Anton Arlo Astrid Basil Beata Boris Bruno Carla Cedric Clara Conrad Cora Cyril
    Dagmar Damian Daria Doris Edgar Edith Elias Elsa Emil Enid Erwin Esther Ezra Fabian Felix
    Flora Frida Gerda Gilda Gideon Greta Gustav Hanna Hector Hedwig Helga Hugo Ida Igor Ilse
    Ines Ingrid Iris Isaac Ivo Jasper Jonas Judith Julius Karin Kaspar Klara Konrad Lena Leopold
    Lina Linus Lorenz Lotte Lucian Magda Malte Marius Martha Mathilda Mila Milo Nadia Nestor
    Nina Nora Olga Oskar Otto Paula Petra Quentin Ramona Regina Rita Robin Rosa Rufus Ruth Selma
    Silas Simon Sofia Stella Tabea Tilda Tobias Ulrich Ursula Vera Viktor Vincent Wanda Wilma
    Xaver Yvonne Zelda
    """
)
_STEMS = _words(
    """
    Alder Amber Arden Barrow Bexley Birch Bram Brenton Calder Carrow Cobber Corran Dallow Denby
    Drayle Elder Ember Fallow Farren Fenn Galden Garrow Hadley Harrow Hesper Hollin Iver Jarrow
    Kelder Kerrin Lannow Larken Lomond Marlow Merrin Nether Norrow Oaken Orrin Pellow Penrose
    Quarrin Rowan Rustow Sallow Selwyn Tarrow Thornby Ulver Varrow Wexley Wyndham Yarrow Zeller
    """
)
_FAMILY_ENDINGS = ["son", "man", "ley", "ford", "well", "dale", "croft", "more"]
_TOWN_ENDINGS = _words(
    """
    ton bury field stead mouth haven wick port gate bridge cliff moor
    """
)
_FIELDS = _words(
    """
    railway harbour museum village theatre hospital city garden forest river bank school market
    factory hotel mountain castle library prison circus court ship tunnel bakery stable
    """
)
_JOBS = _words(
    """
    clerk guard painter cook driver nurse teacher lawyer doctor keeper singer surveyor plumber
    carpenter porter cleaner manager dancer mechanic barber tailor printer baker butcher joiner
    """
)
_FIRMS = _words(
    """
    Mills Foundry Press Motors Brewery Shipping Textiles Bank Railways Instruments Papers Steel
    """
)
_SCHOOLS = _words(
    """
    College Academy Institute University Seminary Polytechnic Conservatory Hall Lyceum Faculty
    """
)
_WAYS = _words(
    """
    smoked baked pickled roasted fried stewed grilled salted boiled spiced creamed stuffed sweet
    sour cold minced dried braised candied peppered
    """
)
_FOODS = _words(
    """
    trout beans cabbage pears duck mushrooms onions herring plums pumpkin rabbit lentils turnips
    apples mackerel chestnuts beetroot goose carrots dumplings noodles peppers leeks salmon figs
    rice barley celery eel quinces
    """
)
_LOOKS = _words(
    """
    grey black white brown spotted striped red yellow fat thin blind lame tame shy loud lazy
    tiny huge young three-legged
    """
)
_ANIMALS = _words(
    """
    donkey parrot goat ferret tortoise pony monkey peacock badger lizard hamster pigeon raven
    beagle poodle rabbit snake heron weasel canary cat sheep pig hen toad falcon fox mouse
    turkey lamb
    """
)


def names() -> list[str]:
    """Returns all names of people, in one order."""
    families = [stem + ending for stem, ending in product(_STEMS, _FAMILY_ENDINGS)]
    return _joined(_GIVEN, families)


def dates() -> list[str]:
    """Returns all birth dates: a day from 1 to 28, a month, a year of the twentieth century.

    >>> dates()[0], len(dates())
    ('1 January 1900', 33600)
    """
    return [
        f"{day} {month} {year}"
        for year, month, day in product(range(1900, 2000), _MONTHS, range(1, 29))
    ]


def towns() -> list[str]:
    """Returns all names of towns.

    >>> towns()[0], len(towns())
    ('Alderton', 648)
    """
    return [stem + ending for stem, ending in product(_STEMS, _TOWN_ENDINGS)]


def professions() -> list[str]:
    """Returns all professions; `a` goes before each."""
    return _joined(_FIELDS, _JOBS)


def employers() -> list[str]:
    """Returns all employers."""
    return _joined(_STEMS, _FIRMS)


def colleges() -> list[str]:
    """Returns all places to study at."""
    return _joined(_STEMS, _SCHOOLS)


def dishes() -> list[str]:
    """Returns all dishes."""
    return _joined(_WAYS, _FOODS)


def pets() -> list[str]:
    """Returns all pets; `a` goes before each."""
    return _joined(_LOOKS, _ANIMALS)


def _joined(first: Sequence[str], second: Sequence[str]) -> list[str]:
    return [" ".join(pair) for pair in product(first, second)]
