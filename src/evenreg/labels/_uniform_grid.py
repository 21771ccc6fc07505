"""UniformGrid: equally spaced nodes that labels are counted on and curves are read from."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_BLOCK = 65536  # labels worked on at a time: the temporaries stay in cache


class UniformGrid(NamedTuple):
    """Nodes at ``start + k * step`` for k = 0 to ``size - 1``, label units.

    Example:
        >>> grid = UniformGrid(0.0, 0.5, 4)
        >>> grid.spread(np.array([0.6, 1.0]), np.array([1.0, 2.0])).round(1).tolist()
        [0.0, 0.8, 2.2, 0.0]
        >>> grid.read(np.array([0.0, 1.0, 3.0, 0.0]), np.array([-9.0, 0.25, 1.0, 9.0])).tolist()
        [0.0, 0.5, 3.0, 0.0]
    """

    start: float
    step: float
    size: int

    def nodes(self) -> Floats:
        """The nodes, ``(size,)``."""
        return self.start + self.step * np.arange(self.size, dtype=np.float64)

    def spread(self, values: Floats, weights: Floats) -> Floats:
        """Linear binning: each weight shared by the two nodes beside its value, ``(size,)``.

        Args:
            values: ``(k,)`` between the first and the last node.
            weights: ``(k,)``.
        """
        left, share = self._place(values)
        mass = np.zeros(self.size)
        mass += np.bincount(left, weights * (1 - share), self.size)
        mass += np.bincount(left + 1, weights * share, self.size)
        return mass

    def read(self, curve: Floats, values: Floats) -> Floats:
        """A curve given at the nodes, linear between them, at each value; beyond the ends its end values.

        Args:
            curve: ``(size,)`` the curve at the nodes.
            values: ``(n,)``.
        """
        result = np.empty(len(values))
        rise = np.diff(curve)
        for first in range(0, len(values), _BLOCK):
            left, share = self._place(values[first : first + _BLOCK])
            share *= rise.take(left)
            share += curve.take(left)
            result[first : first + _BLOCK] = share
        return result

    def _place(self, values: Floats) -> tuple[NDArray[np.int64], Floats]:
        """The node on the left of each value, never the last, and how far the value is to the next, 0 to 1."""
        position = values - self.start
        position /= self.step
        np.clip(position, 0, self.size - 1, out=position)
        left = np.minimum(position.astype(np.int64), self.size - 2)
        position -= left
        return left, position
