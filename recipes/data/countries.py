"""Facts about countries: the country files in readable attributes, known errors put right.

The files spell some countries in several ways and some capitals in their own language or cut short;
the tables below say what each becomes, so that every entity has one name and values are English.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Value = str | int | float


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the fact database."""

    entity: str
    attribute: str
    value: str


@dataclass(frozen=True, slots=True)
class _Column:
    """One country file: its stem, the field that holds the value and how the value is written."""

    stem: str
    field: str
    attribute: str
    write: Callable[[Value], str] = str


_COLUMNS = (
    _Column("abbreviation", "abbreviation", "country code"),
    _Column("calling-code", "calling_code", "calling code", lambda value: f"+{value}"),
    _Column("capital-city", "city", "capital"),
    _Column("continent", "continent", "continent"),
    _Column("currency-code", "currency_code", "currency code"),
    _Column("currency-name", "currency_name", "currency"),
    _Column("domain-tld", "tld", "internet domain"),
    _Column("driving-side", "side", "driving side"),
    _Column("elevation", "elevation", "average elevation", lambda value: f"{value} metres"),
    _Column("government-type", "government", "government"),
    _Column("independence-date", "independence", "independence year"),
    _Column("life-expectancy", "expectancy", "life expectancy", lambda value: f"{value} years"),
    _Column("population", "population", "population"),
    _Column("region-in-world", "location", "world region"),
    _Column("religion", "religion", "religion"),
    _Column("surface-area", "area", "area", lambda value: f"{float(value):.0f} km²"),
)

# Spellings of the files → the name T-REx uses where it has one. None: no country, or broken.
_NAMES: dict[str, str | None] = {
    "Cabo Verde": "Cape Verde",
    "Congo": "Republic of the Congo",
    "Congo, The Democratic Republic of the": "Democratic Republic of the Congo",
    "Cote d'Ivoire": "Ivory Coast",
    "Faeroe Islands": "Faroe Islands",
    "Fiji Islands": "Fiji",
    "Holy See (Vatican City State)": "Vatican City",
    "Macao": "Macau",
    "Macedonia": "North Macedonia",
    "Micronesia, Federated States of": "Federated States of Micronesia",
    "Pitcairn": "Pitcairn Islands",
    "Reunion": "Réunion",
    "Sao Tome and Principe": "São Tomé and Príncipe",
    "The Democratic Republic of Congo": "Democratic Republic of the Congo",
    "The Democratic Republic of the Congo": "Democratic Republic of the Congo",
    "Timor-Leste": "East Timor",
    "Vetican City": None,
    "Virgin Islands, British": "British Virgin Islands",
    "Virgin Islands, U.S.": "United States Virgin Islands",
    "U.S. Virgin Islands": "United States Virgin Islands",
    # People of these write them shorter or they are no countries of their own.
    "British Indian Ocean Territory": None,
    "Cocos (Keeling) Islands": None,
    "French Southern territories": None,
    "Heard Island and McDonald Islands": None,
    "Netherlands Antilles": None,
    "United States Minor Outlying Islands": None,
}

_ALSO_KNOWN_AS = {
    "United States": ("United States of America",),
    "China": ("People's Republic of China",),
}

_CAPITALS = {
    "Addis Abeba": "Addis Ababa",
    "Aga": "Hagåtña",
    "Alger": "Algiers",
    "Athenai": "Athens",
    "Bogota": "Bogotá",
    "Bruxelles [Brussel]": "Brussels",
    "Bucuresti": "Bucharest",
    "Chisinau": "Chișinău",
    "Citt": "Vatican City",
    "Ciudad de Guatemala": "Guatemala City",
    "Ciudad de M": "Mexico City",
    "Ciudad de Panamá": "Panama City",
    "Dalap-Uliga-Darrit": "Majuro",
    "El-Aai": "El Aaiún",
    "Fagatogo": "Pago Pago",
    "Garapan": "Saipan",
    "Helsinki [Helsingfors]": "Helsinki",
    "Khartum": "Khartoum",
    "Kuwait": "Kuwait City",
    "La Habana": "Havana",
    "Lisboa": "Lisbon",
    "Luxembourg [Luxemburg/L": "Luxembourg City",
    "Male": "Malé",
    "Masqat": "Muscat",
    "Monaco-Ville": "Monaco",
    "Noum": "Nouméa",
    "Peking": "Beijing",
    "Port-Louis": "Port Louis",
    "Port-Vila": "Port Vila",
    "Port-of-Spain": "Port of Spain",
    "Praha": "Prague",
    "Rangoon (Yangon)": "Naypyidaw",
    "Roma": "Rome",
    "Santiago de Chile": "Santiago",
    "Santo Domingo de Guzm": "Santo Domingo",
    "Toskent": "Tashkent",
    "Ulan Bator": "Ulaanbaatar",
    "Warszawa": "Warsaw",
    "Washington": "Washington, D.C.",
    "Wien": "Vienna",
    "Yaounde": "Yaoundé",
    "al-Manama": "Manama",
}

# (country, attribute) → the right value; None: no row.
_CORRECTIONS: dict[tuple[str, str], str | None] = {
    ("Central African Republic", "currency"): "CFA Franc BEAC",
    ("Croatia", "currency"): "Euro",
    ("Croatia", "currency code"): "EUR",
    ("Cambodia", "currency"): "Cambodian Riel",
    ("Democratic Republic of the Congo", "currency"): "Congolese Franc",
    ("Ecuador", "currency"): "US Dollar",
    ("Ecuador", "currency code"): "USD",
    ("El Salvador", "currency"): "US Dollar",
    ("El Salvador", "currency code"): "USD",
    ("Grenada", "currency"): "East Caribbean Dollar",
    ("Latvia", "currency"): "Euro",
    ("Latvia", "currency code"): "EUR",
    ("Lithuania", "currency"): "Euro",
    ("Lithuania", "currency code"): "EUR",
    ("Tanzania", "capital"): "Dodoma",
    ("Tunisia", "currency"): "Tunisian Dinar",
    ("Sri Lanka", "capital"): "Sri Jayawardenepura Kotte",
    ("Switzerland", "government"): "Federal Republic",
    ("Western Sahara", "government"): None,
    ("Hong Kong", "capital"): None,
    ("Macau", "capital"): None,
    ("Palestine", "capital"): None,
}
_MISPRINTS = {"Pound Sterlin": "Pound Sterling", "East Carribean Dollar": "East Caribbean Dollar"}


def read_countries(shared: Path) -> Iterator[Row]:
    """Yields the rows about countries, column by column, without duplicates taken out."""
    folder = shared / "kb" / "countries"
    # The list of names also holds the odd spellings; a name in no other file is one of them.
    known = {_name(str(record["country"])) for record in _records(folder, "name")} - {None}
    for column in _COLUMNS:
        for record in _records(folder, column.stem):
            country = _name(str(record["country"]))
            if country not in known or country is None:
                continue
            value = _value(country, column, record[column.field])
            for entity in (country, *_ALSO_KNOWN_AS.get(country, ())) if value else ():
                yield Row(entity, column.attribute, str(value))


def _records(folder: Path, stem: str) -> list[dict[str, Value | None]]:
    loaded: list[dict[str, Value | None]] = json.loads(
        (folder / f"country-by-{stem}.json").read_text(encoding="utf-8")
    )
    return loaded


def _name(spelling: str) -> str | None:
    return _NAMES.get(spelling, spelling)


def _value(country: str, column: _Column, found: Value | None) -> str | None:
    if (country, column.attribute) in _CORRECTIONS:
        return _CORRECTIONS[country, column.attribute]
    # Missing and zero both say "unknown" here; independence before 1500 is a legend (France 843).
    lowest = 1500 if column.attribute == "independence year" else 1e-9
    if not found or (isinstance(found, int | float) and found < lowest):
        return None
    written = column.write(found).strip()
    if column.attribute == "capital":
        return _CAPITALS.get(written, written)
    return _MISPRINTS.get(written, written)
