"""The uniform numbers behind the draws: a hash, so that a draw depends on nothing but its key."""

from hashlib import blake2b


def uniform(key: str, sample: int, step: int) -> float:
    """Returns a number in [0, 1) that is the same on every machine and in every batch.

    >>> round(uniform("0|doc|Calculator|8", 0, 0), 6)
    0.001354
    >>> numbers = [uniform("seed", sample, step) for sample in range(100) for step in range(100)]
    >>> 0.49 < sum(numbers) / len(numbers) < 0.51
    True
    """
    digest = blake2b(f"{key}|{sample}|{step}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) * 2.0**-53  # 53 bits: every one of them counts
