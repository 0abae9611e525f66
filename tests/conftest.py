"""The tests run offline, on the CPU, on few threads."""

import os
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

# Before anything imports torch or a Hugging Face library: they read these once.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ["COLUMNS"] = "100"  # what the terminal prints does not depend on the terminal
os.environ["NO_COLOR"] = "1"

# A shell starts what it runs in the background deaf to Ctrl-C, and programs hand that down.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.s3 import Bucket

# The same examples every time, and no time limit for one of them: CI machines stall.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci")


@pytest.fixture(scope="module")
def bucket() -> "Iterator[Bucket]":
    """A bucket of an S3 server of the tests' own, which the environment names."""
    from tests.s3 import s3_server

    with s3_server() as bucket:
        yield bucket
