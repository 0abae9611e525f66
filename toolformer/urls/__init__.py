"""Files that a URL names, and what a URL is."""

from toolformer.urls.names import RemoteError, is_url, shown_url, told_as_errors
from toolformer.urls.remote import AnyFile, Remote, UrlFile

__all__ = [
    "AnyFile",
    "Remote",
    "RemoteError",
    "UrlFile",
    "is_url",
    "shown_url",
    "told_as_errors",
]
