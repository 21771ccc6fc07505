"""Ctrl-C during training: noted at once, answered where a checkpoint can be written."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, final


@final
class CtrlC:
    """Whether Ctrl-C was pressed; it is then for the training to stop at its next resting place.

    Python would raise in the middle of a step, where weights are changed in part, and random numbers are drawn, that
    no checkpoint may hold.

    Attributes:
        pressed: Whether it was.
    """

    def __init__(self) -> None:
        self.pressed = False

    @contextmanager
    def noted(self, *, alone: bool) -> Iterator[None]:
        """Note Ctrl-C for the time of a ``with`` block, where it would raise; the second raises as ever.

        Args:
            alone: Whether no other process trains along: of several, each would stop at another batch.

        Raises:
            KeyboardInterrupt: When the block ends, where it was pressed and never answered.
        """
        free = threading.current_thread() is threading.main_thread()
        before = signal.getsignal(signal.SIGINT)
        # Another handler is somebody's intention, as in worker processes, which leave Ctrl-C to their parent.
        if not (alone and free and before is signal.default_int_handler):
            yield
            return
        signal.signal(signal.SIGINT, self._note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
        self.answer()

    def answer(self) -> None:
        """Stop here, if it was pressed.

        Raises:
            KeyboardInterrupt: It was.
        """
        if self.pressed:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: Any) -> None:
        if self.pressed:
            signal.default_int_handler(number, frame)
        self.pressed = True
