"""The encoder for tables: numeric embeddings and a multilayer perceptron."""

import warnings
from collections.abc import Sequence
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from rtdl_num_embeddings import PiecewiseLinearEmbeddings
from torch import Tensor, nn

from evenreg import _check
from evenreg.errors import InputError, ShapeError

# Fewer rows than this in a bin teach its embedding mostly noise; 48 bins need about 400 rows.
_ROWS_PER_BIN = 8
# Bins narrower than this lose their position in float32 when the embedding divides by the width.
_NARROWEST = 1e-3


@final
class TableMLP(nn.Module):
    r"""Piecewise-linear embeddings of the numeric features, then a multilayer perceptron.

    Why: a network fed with bare numbers learns smooth functions of each and falls behind trees; with
    embeddings it draws level. A number x between bin edges b_0 < ... < b_T becomes

    .. math::

        e(x) = a x + c + \sum_{t=1}^{T} v_t \,\mathrm{clip}\!\left(
            \frac{x - b_{t-1}}{b_t - b_{t-1}}, 0, 1\right),

    with its own a, c, v_t (vectors of ``d_embedding``) per feature; all v_t start at zero, so that training
    starts from a linear embedding. x is first clipped to [b_0, b_T]: outside what was seen in training a
    feature has no further effect, as in trees. Embeddings and other features are concatenated and pass
    ``depth`` blocks of linear layer, ReLU, dropout.

    Piecewise-linear rather than periodic embeddings: the paper finds both good once tuned, but the periodic
    ones hang on the scale of their frequencies ("important hyperparameter"), while these only have a number
    of bins; untuned use is what matters here. No normalisation layer, so that a batch of one row works.

    Args:
        n_numeric: Numeric features, at least 0.
        n_other: Features that are used as they are, at least 0.
        edges: Per numeric feature its increasing bin edges, at least two, from `quantile_edges` on training
            rows.
        width: Units of a block; also ``out_features``.
        depth: Blocks, at least 1.
        d_embedding: Width of an embedding.
        dropout: Share of units left out in training, from 0 to 1.

    Shape:
        numeric (batch, n_numeric) and other (batch, n_other) to (batch, width).

    Raises:
        InputError: No feature at all, or edges that do not increase.
        ShapeError: Not one list of edges per numeric feature.

    >>> numeric, other = torch.randn(100, 2), torch.zeros(100, 3)
    >>> encoder = TableMLP(2, 3, edges=quantile_edges(numeric), width=64)
    >>> encoder(numeric, other).shape
    torch.Size([100, 64])

    Gorishniy, Rubachev and Babenko, "On embeddings for numerical features in tabular deep learning" (NeurIPS
    2022), section 3.2; the linear start, 48 bins and d_embedding 16 are those of "TabM" (ICLR 2025; "version
    B" of the authors' package, used here); width, depth and dropout those of the package's examples.
    """

    low: Tensor
    high: Tensor

    def __init__(
        self,
        n_numeric: int,
        n_other: int,
        *,
        edges: Sequence[Sequence[float]] = (),
        width: int = 256,
        depth: int = 2,
        d_embedding: int = 16,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        n_numeric = _check.integer(n_numeric, "n_numeric", 0)
        n_other = _check.integer(n_other, "n_other", 0)
        width, depth = _check.integer(width, "width", 1), _check.integer(depth, "depth", 1)
        d_embedding = _check.integer(d_embedding, "d_embedding", 1)
        dropout = _check.in_range(dropout, "dropout", 0.0, 1.0)
        if n_numeric + n_other == 0:
            raise InputError(
                "n_numeric and n_other: expected at least one feature, got 0 and 0; add columns."
            )
        if len(edges) != n_numeric:
            raise ShapeError(
                f"edges: expected one list for each of {n_numeric} numeric features, got {len(edges)}; take "
                "them from quantile_edges(numeric)."
            )
        rows = [torch.tensor([_check.number(e, "edges") for e in row], dtype=torch.float32) for row in edges]
        if any(len(row) < 2 or bool((row.diff() <= 0).any()) for row in rows):
            raise InputError(
                "edges: expected at least two increasing numbers per feature, got others; take them from "
                "quantile_edges(numeric)."
            )
        self.config: dict[str, Any] = {
            "n_numeric": n_numeric,
            "n_other": n_other,
            "edges": [row.tolist() for row in rows],
            "width": width,
            "depth": depth,
            "d_embedding": d_embedding,
            "dropout": dropout,
        }
        self.out_features = width
        self.embedding = None
        if n_numeric:
            with warnings.catch_warnings():
                # A feature whose quantiles nearly all coincide has one bin; the linear part is then all it
                # needs.
                warnings.filterwarnings("ignore", message=".*has just two bin edges")
                self.embedding = PiecewiseLinearEmbeddings(rows, d_embedding, activation=False, version="B")
            self.register_buffer("low", torch.stack([row[0] for row in rows]))
            self.register_buffer("high", torch.stack([row[-1] for row in rows]))
        layers: list[nn.Module] = []
        size = n_numeric * d_embedding + n_other
        for _ in range(depth):
            layers += [nn.Linear(size, width), nn.ReLU(), nn.Dropout(dropout)]
            size = width
        self.blocks = nn.Sequential(*layers)

    @property
    def hidden_layers(self) -> tuple[str, ...]:
        """The layers whose outputs are representations that may be blended: those behind each block."""
        return tuple(f"blocks.{3 * block + 2}" for block in range(self.config["depth"]))

    def forward(
        self, numeric: Float[Tensor, "batch numeric"], other: Float[Tensor, "batch other"]
    ) -> Float[Tensor, "batch features"]:
        """Features of a batch."""
        given = (numeric.shape[1], other.shape[1])
        wanted = (self.config["n_numeric"], self.config["n_other"])
        if given != wanted:
            raise ShapeError(
                f"expected {wanted[0]} numeric and {wanted[1]} other features, got {given[0]} and "
                f"{given[1]}; use the preprocessor this model was trained with."
            )
        if self.embedding is None:
            return self.blocks(other)
        embedded = self.embedding(torch.clamp(numeric, self.low, self.high)).flatten(1)
        return self.blocks(torch.cat([embedded, other], dim=1))


def quantile_edges(numeric: ArrayLike, n_bins: int = 48) -> list[list[float]]:
    """Bin edges for `TableMLP` at the quantiles of training rows, as plain lists.

    Why: quantiles put bins where rows are. Equal quantiles (repeated values) become one edge, very narrow
    bins are joined, and small tables get fewer bins, 8 rows in each.

    Args:
        numeric: (n, features) numeric inputs of the training rows, finite, about unit scale.
        n_bins: Most bins per feature.

    Returns:
        Per feature at least two increasing edges; the outer ones are its smallest and largest value.

    Raises:
        ShapeError: Not a matrix with rows.
        InputError: NaN or infinite inputs.

    >>> quantile_edges([[0.0], [1.0], [1.0], [4.0]] * 8, n_bins=4)
    [[0.0, 0.75, 1.0, 1.75, 4.0]]

    Gorishniy et al. (NeurIPS 2022), section 3.2.1.
    """
    values = np.asarray(numeric, dtype=np.float64)
    if values.ndim != 2 or not len(values):
        raise ShapeError(f"numeric: expected a matrix (n, features) with rows, got shape {values.shape}.")
    if not np.isfinite(values).all():
        raise InputError(
            "numeric: expected finite inputs, got NaN or infinity; fill gaps with TablePreprocessor first."
        )
    bins = max(1, min(_check.integer(n_bins, "n_bins", 1), len(values) // _ROWS_PER_BIN))
    levels = np.linspace(0.0, 1.0, bins + 1)
    return [_apart(np.quantile(column, levels)) for column in values.T]


def _apart(edges: np.ndarray) -> list[float]:
    """Edges at least the narrowest bin apart, both ends kept."""
    low, high = float(edges[0]), float(edges[-1])
    if high - low < _NARROWEST:
        # A feature that (nearly) never varies: any bin will do.
        return [low, low + 1.0]
    kept = [low]
    for edge in edges[1:-1].tolist():
        if kept[-1] + _NARROWEST <= edge <= high - _NARROWEST:
            kept.append(edge)
    return [*kept, high]
