"""Fixtures for every test: where the real inputs are, and what to do when they are absent."""

import os
import signal
from pathlib import Path

import pytest


def data_folder() -> Path | None:
    """``EVENREG_DATA``, else ``../shared/data`` beside the project; None where neither is there."""
    given = os.environ.get("EVENREG_DATA")
    folder = Path(given) if given else Path(__file__).parents[2] / "shared" / "data"
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real inputs; the test is skipped, with the reason, where there is none."""
    folder = data_folder()
    if folder is None:
        pytest.skip("real inputs absent: set EVENREG_DATA to their folder")
    return folder


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_heard() -> None:
    """A shell starts what runs in the background with Ctrl-C ignored, and tests press it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
