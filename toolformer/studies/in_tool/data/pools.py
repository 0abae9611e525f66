"""The names, places and occupations that people are drawn from: made of syllables, or listed.

Which they are depends on nothing, not on a seed either: two sets of people differ in who has what.
"""

from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from itertools import product

FIRST_NAMES = 437
LAST_NAMES = 388
UNSEEN_FIRST_NAMES = 400
CITIES = 213
OCCUPATIONS = 100
BIRTH_PLACES = ("Canada", "Cuba", "Italy", "Japan", "Kenya", "Norway", "Peru")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ONSETS = _words("B Br C D Dr F G Gr H J K Kl L M N P R S Sh St T Th V W Y Z")
_VOWELS = _words("a e i o u")
_FIRST_ENDINGS = _words("bert dan dor la len lin mon na ney nor ra ric rin ris ro sa ta than vin")
_LAST_ENDINGS = _words("ber dger ffin lker lson mmer nder ndt nsen rdo rick rlow rton skin ster")
_CITY_ENDINGS = _words("burg dale field ford ham mouth port stead ton ville")
_OCCUPATIONS = _words(
    """
    actor actuary architect archivist artist astronomer athlete auctioneer auditor author
    baker banker barber beekeeper biologist blacksmith boatman bookbinder botanist brewer
    bricklayer broker builder butcher butler carpenter cartographer cashier chemist clerk
    coach cobbler composer conductor cook cooper courier dancer dentist designer detective
    diplomat diver doctor driver economist editor electrician engineer farmer farrier fisher
    florist forester gardener geologist gilder glazier goldsmith grocer guard guide hatter
    historian hunter interpreter jeweller joiner journalist judge lawyer librarian locksmith
    mason mechanic midwife miller miner musician nurse optician painter pharmacist
    photographer physicist pilot plumber poet porter potter printer sailor sculptor shepherd
    singer surgeon surveyor tailor teacher translator
    """
)


@cache
def first_names() -> tuple[str, ...]:
    """Returns the 437 first names of the people that a model is trained on."""
    return _first_names()[:FIRST_NAMES]


@cache
def unseen_first_names() -> tuple[str, ...]:
    """Returns first names of the same making that nobody has whom a model is trained on."""
    return _first_names()[FIRST_NAMES : FIRST_NAMES + UNSEEN_FIRST_NAMES]


@cache
def last_names() -> tuple[str, ...]:
    """Returns the 388 last names."""
    return _chosen(_joined(_ONSETS, _VOWELS, _LAST_ENDINGS))[:LAST_NAMES]


@cache
def cities() -> tuple[str, ...]:
    """Returns the 213 cities."""
    return _chosen(_joined(_ONSETS, _VOWELS, _CITY_ENDINGS))[:CITIES]


@cache
def occupations() -> tuple[str, ...]:
    """Returns the 100 occupations."""
    return _OCCUPATIONS


@cache
def birth_dates() -> tuple[str, ...]:
    """Returns the 17,136 birth dates: the first 28 days of each month from 1950 to 2000."""
    days = product(range(1950, 2001), MONTHS, range(1, 29))
    return tuple(f"{day} {month} {year}" for year, month, day in days)


def _first_names() -> tuple[str, ...]:
    return _chosen(_joined(_ONSETS, _VOWELS, _FIRST_ENDINGS))


def _joined(*parts: Iterable[str]) -> Iterable[str]:
    return map("".join, product(*parts))


def _chosen(names: Iterable[str]) -> tuple[str, ...]:
    """Returns names in an order in which any first few are as varied as all."""
    return tuple(sorted(set(names), key=lambda name: sha256(name.encode()).digest()))
