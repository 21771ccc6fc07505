"""The encoder for pairs of sentence embeddings that were computed once and stand still."""

from typing import Any, Self, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from evenreg import _check
from evenreg.errors import InputError

_ROWS_AT_ONCE = 1024
# A feature that varies less than this over the training rows, such as one that is always 0, is not blown up.
_SMALLEST_SD = 1e-6


@final
class PairMLP(nn.Module):
    """How two embeddings differ and agree, standardised, then one layer.

    Why: what a frozen encoder says of two sentences is in many small differences, and a few thousand pairs can teach
    their weights without learning noise only where most of them are left out at a time. Features are the same when the
    sentences change places.

    An embedding may hold those of several layers of an encoder side by side, ``pieces`` of them. For each piece, scaled
    to length 1,

        [|u − v|; u v; cos(u, v)],

    and each feature less its mean over the training rows, divided by its standard deviation.

    Args:
        in_features: Width of an embedding.
        pieces: How many of equal width it holds.
        width: Units of the layer; also ``out_features``.
        input_dropout: Share of features left out in training, from 0 to 1.
        dropout: Share of units left out in training, from 0 to 1.

    Shape:
        first (batch, in_features) and second (batch, in_features) to (batch, width).

    Raises:
        InputError: An embedding that does not divide into its pieces.
        ShapeError: Embeddings of another width, or of unlike shapes.

    >>> first, second = torch.randn(100, 6), torch.randn(100, 6)
    >>> encoder = PairMLP(6, pieces=2, width=32).fit(first, second)
    >>> encoder(first, second).shape
    torch.Size([100, 32])

    The features are those of Tai, Socher and Manning, "Improved semantic representations from tree-structured long
    short-term memory networks" (ACL 2015), section 4.2, and the cosine; widths and shares are those that did best on
    the validation rows of STS-B-DIR.
    """

    mean: Tensor
    sd: Tensor

    def __init__(
        self,
        in_features: int,
        pieces: int = 1,
        width: int = 512,
        input_dropout: float = 0.6,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        in_features, pieces = (
            _check.integer(in_features, "in_features", 1),
            _check.integer(pieces, "pieces", 1),
        )
        if in_features % pieces:
            raise InputError(
                f"pieces: expected a number that divides in_features, {in_features}, got {pieces}; an embedding holds "
                "pieces of equal width."
            )
        self.out_features = _check.integer(width, "width", 1)
        self.config: dict[str, Any] = {
            "in_features": in_features,
            "pieces": pieces,
            "width": self.out_features,
            "input_dropout": _check.in_range(input_dropout, "input_dropout", 0.0, 1.0),
            "dropout": _check.in_range(dropout, "dropout", 0.0, 1.0),
        }
        features = 2 * in_features + pieces
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("sd", torch.ones(features))
        self.layers = nn.Sequential(
            nn.Dropout(self.config["input_dropout"]),
            nn.Linear(features, self.out_features),
            nn.ReLU(),
            nn.Dropout(self.config["dropout"]),
        )

    @property
    def hidden_layers(self) -> tuple[str, ...]:
        """The layers whose outputs are representations that may be blended."""
        return ("layers.3",)

    @torch.no_grad()
    def fit(self, first: Float[Tensor, "rows width"], second: Float[Tensor, "others width"]) -> Self:
        """Learn mean and standard deviation of each feature from embeddings of training rows.

        Args:
            first: ``(rows, in_features)``.
            second: The same for the other sentence of each pair.

        Raises:
            ShapeError: Unlike shapes.
            InputError: No rows.
        """
        _check.same_shape(first=first, second=second)
        _check.batch_size(len(first), 1, "fit", "give the embeddings of the training rows")
        total = square = torch.zeros_like(self.mean, dtype=torch.float64)
        for u, v in zip(first.split(_ROWS_AT_ONCE), second.split(_ROWS_AT_ONCE), strict=True):
            features = self._features(u, v).double()
            total, square = total + features.sum(dim=0), square + features.square().sum(dim=0)
        mean = total / len(first)
        sd = (square / len(first) - mean.square()).clamp_min(0).sqrt()
        self.mean.copy_(mean)
        self.sd.copy_(sd.where(sd > _SMALLEST_SD, 1))
        return self

    def forward(
        self, first: Float[Tensor, "batch width"], second: Float[Tensor, "rows other"]
    ) -> Float[Tensor, "batch features"]:
        """Features of a batch."""
        _check.shape(first, "first", ("batch", self.config["in_features"]), "embed sentences as in training")
        _check.same_shape(first=first, second=second)
        return self.layers((self._features(first, second) - self.mean) / self.sd)

    def _features(self, first: Tensor, second: Tensor) -> Tensor:
        """Before they are standardised, ``(batch, 2 * in_features + pieces)``."""
        u, v = (
            nn.functional.normalize(e.unflatten(1, (self.config["pieces"], -1)), dim=-1)
            for e in (first, second)
        )
        product = u * v
        return torch.cat([(u - v).abs().flatten(1), product.flatten(1), product.sum(dim=-1)], dim=1)
