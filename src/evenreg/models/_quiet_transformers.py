"""quiet_transformers: the library transformers without what it prints."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from evenreg.errors import MissingDependencyError


@contextmanager
def quiet_transformers() -> Iterator[Any]:
    """The library transformers, which prints no progress and no warnings inside the block.

    What it and huggingface_hub print outside is as it was.

    Raises:
        MissingDependencyError: It is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import huggingface_hub.utils as hub
            import transformers
        except ImportError:
            raise MissingDependencyError(
                "pretrained encoders expect transformers, which is not installed; run pip install 'evenreg[all]'."
            ) from None
        loggers = (transformers.utils.logging, hub.logging)
        levels = [logger.get_verbosity() for logger in loggers]
        bars, hub_bars = loggers[0].is_progress_bar_enabled(), not hub.are_progress_bars_disabled()
        for logger in loggers:
            logger.set_verbosity_error()
        loggers[0].disable_progress_bar()  # and huggingface_hub's
        try:
            yield transformers
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.set_verbosity(level)
            if bars:
                loggers[0].enable_progress_bar()
            (hub.enable_progress_bars if hub_bars else hub.disable_progress_bars)()
