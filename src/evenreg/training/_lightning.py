"""Lightning as a library among others: silent, and its reasons in one sentence."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Lightning's notes about devices and loader workers say nothing about rows that lie in memory."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning|torch")
        try:
            yield
        finally:
            logger.setLevel(level)


def reason_of(error: Exception) -> str:
    """What an error says, as part of a sentence.

    >>> reason_of(ValueError("No such device.  Try another."))
    'No such device. Try another'
    """
    return " ".join(str(error).split())[:240].rstrip(".") or type(error).__name__
