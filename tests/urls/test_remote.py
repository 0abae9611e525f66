"""Files that a URL names: read block by block, written whole, told of in words without a secret."""

import uuid

import pytest

from toolformer.errors import ConfigError
from toolformer.urls import Remote, RemoteError, is_url, shown_url, told_as_errors


@pytest.fixture
def remote() -> Remote:
    return Remote(f"memory://{uuid.uuid4().hex}/run")


def test_what_is_written_is_there_whole_and_only_once_if_it_is_to_be_new(remote: Remote) -> None:
    remote.write("shards/0.bin", b"first", is_new=True)
    with pytest.raises(FileExistsError):
        remote.write("shards/0.bin", b"second", is_new=True)
    remote.write("other", b"")
    assert remote.files() == {"other": 0, "shards/0.bin": 5}
    remote.remove("shards/0.bin")
    remote.remove("shards/0.bin")
    assert remote.files() == {"other": 0}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nobody://knows/this", r"^'nobody://knows/this' cannot be opened \(Protocol not known"),
        ("gs://bucket/run", r"^gs:// needs a library that is not installed"),
    ],
)
def test_a_protocol_that_nothing_knows_is_a_sentence(url: str, said: str) -> None:
    if url.startswith("gs"):
        try:
            import gcsfs  # noqa: F401
        except ImportError:
            pass
        else:
            pytest.skip("gcsfs is installed")
    with pytest.raises(ConfigError, match=said):
        Remote(url)


def test_what_a_server_says_is_told_without_a_password() -> None:
    url = "https://me:secret@example.org/run?signature=secret"
    with pytest.raises(RemoteError) as told, told_as_errors(url):
        raise RuntimeError(f"403 for {url}.")
    assert told.value.strerror == "403 for https://example.org/run"
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("name", ["run", "C:/run", "a/b:c", "my.py:model", "allenai/c4:en", "-"])
def test_what_is_no_url_is_none(name: str) -> None:
    assert not is_url(name)
    assert shown_url(name) == name
