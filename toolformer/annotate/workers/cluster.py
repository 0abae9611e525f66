"""The Ray cluster that a program works on: the one it is told of, or one of its own.

The only file besides `crew.py` that knows Ray.
"""

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from typing import Any

from toolformer.errors import ConfigError, check_installed, clipped

ADDRESS = "RAY_ADDRESS"
_STORE_BYTES = 256 << 20  # shards on their way, of a cluster of our own
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nobody is told that it runs
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
_TRIES = 3
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def needs_ray() -> None:
    """Refuses to work without Ray.

    Raises:
        ConfigError: it is not installed.
    """
    check_installed("ray", extra="ray", what="Ray")


@contextmanager
def connected(*, cpus: float) -> Iterator[Any]:
    """Connects to a Ray cluster and yields the library.

    Where RAY_ADDRESS names none, and the program has not connected before, it starts one on this
    machine, which ends with the program however it ends.

    Args:
        cpus: how many a cluster of our own has to have at least.

    Raises:
        ConfigError: Ray is not installed, or there is no cluster at the address.
    """
    needs_ray()
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import ray

    logging.getLogger("ray").setLevel(logging.ERROR)  # it tells of how it is secured
    if ray.is_initialized():  # by the program that calls us
        yield ray
        return
    address = os.environ.get(ADDRESS)
    own: dict[str, Any] = {}
    if not address:
        most = max(cpus, os.cpu_count() or 1)
        own = {"num_cpus": int(-(-most // 1)), "object_store_memory": _STORE_BYTES}
        own["include_dashboard"] = False
    handlers = {each: signal.getsignal(each) for each in _SIGNALS}
    begin = partial(
        ray.init,
        address=address or "local",
        log_to_driver=False,
        configure_logging=False,
        logging_level=logging.ERROR,
        **own,
    )
    try:
        for attempt in range(1, _TRIES + 1):  # a busy machine may need more than Ray's 30 s
            with suppress(Exception) if attempt < _TRIES and not address else nullcontext():
                begin()
                break
    except Exception as error:  # noqa: BLE001 (no more than that is said of a start that fails)
        said = clipped(" ".join(str(error).split()), 200).rstrip(".")
        what = f"There is no Ray cluster at {ADDRESS}={address}" if address else "Ray did not start"
        raise ConfigError(f"{what} ({said}).") from None
    finally:
        for each, handler in handlers.items():  # Ray takes them for itself
            if signal.getsignal(each) is not handler:
                signal.signal(each, handler)
    try:
        yield ray
    finally:
        ray.shutdown()
