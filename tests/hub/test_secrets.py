"""What is taken for a secret, and what is not."""

import pytest

from toolformer.errors import ConfigError
from toolformer.hub.secrets import check_secrets

HARMLESS = [
    '"spec": "http:url=https://api.example.org/?q={q},name=Ask,headers=Authorization=MY_TOKEN"',
    '"spec": "http:url=https://api.example.org/?key={key}&q={q}"',
    '"spec": "sql:url=postgresql://reader@host/shop,password=SHOP_PASSWORD"',
    '"name": "https://example.org/a:b/c@d", "tokens": 12',
    "the token of a text, a key, hf_hub and sk-learn",
]
SECRET = [
    "sql:url=postgresql://reader:pa55@host/shop",
    "https://example.org/?q={q}&access_token=0123",
    "ghp_" + "a" * 36,
    "hf_" + "A" * 34,
    "-----BEGIN RSA PRIVATE KEY-----",
    "xoxb-0123456789-abc",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_names_of_secrets_are_none(text: str) -> None:
    check_secrets("manifest.json", text, environment={"HOME": "/home/somebody"})


@pytest.mark.parametrize("text", SECRET)
def test_a_secret_is_found_by_its_shape_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^'manifest\.json' holds .* is not shared") as told:
        check_secrets("manifest.json", f'{{"spec": "{text}"}}', environment={})
    assert text not in str(told.value)


def test_the_value_of_a_variable_that_a_file_names_is_secret_whatever_its_name() -> None:
    environment = {"SHOP": "not-for-everybody", "OTHER": "not-for-everybody"}
    check_secrets("a.json", "not-for-everybody", environment=environment)
    with pytest.raises(ConfigError, match="variable SHOP,"):
        check_secrets("a.json", '"password=SHOP", "not-for-everybody"', environment=environment)


def test_a_short_value_stands_in_any_text_and_is_not_looked_for() -> None:
    check_secrets("a.json", "the secret 123", environment={"MY_SECRET": "123"})
