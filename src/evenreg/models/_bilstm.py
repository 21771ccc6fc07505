"""The encoder for pairs of sentences that papers/000 uses: word vectors and a bidirectional LSTM."""

from typing import Any, final

import torch
from jaxtyping import Float, Int, Shaped
from numpy.typing import ArrayLike
from torch import Tensor, nn

from evenreg import _check
from evenreg.models._padding import padded_pairs
from evenreg.models._pair_features import pair_features

PADDING = 0


@final
class BiLSTM(nn.Module):
    """Word vectors, a bidirectional LSTM and max-pooling make a vector of each sentence; then `pair_features`.

    Why: the encoder of the published STS-B-DIR tables. Both sentences pass the same weights; features are
    [u; v; |u − v|; u v] of their vectors, 8 * ``hidden`` wide. How far rows are padded does not matter: padding is
    neither read by the LSTM nor pooled.

    Args:
        words: Size of the vocabulary with the id 0, which is padding; at least 2.
        dim: Width of a word vector.
        hidden: Units per direction.
        layers: Layers of the LSTM, at least 1.
        dropout: Share of word vectors' and of the LSTM's outputs left out in training, from 0 to 1.
        train_words: Whether word vectors are trained; where they come from GloVe they are not.

    Shape:
        first_ids (batch, length) and second_ids (batch, other length), int64, padded with 0 at the end, to
        (batch, 8 * hidden).

    Raises:
        InputError: Ids that are no whole numbers, or unlike numbers of rows.

    >>> encoder = BiLSTM(words=100, dim=8, hidden=16)
    >>> encoder(torch.tensor([[5, 7, 0]]), torch.tensor([[5, 9, 21, 4]])).shape
    torch.Size([1, 128])

    Paper: papers/000 C.1 (GloVe 840B of width 300, two layers of 1500, max-pooling). Dropout 0.2 is that of the
    released code, which also keeps word vectors fixed.
    """

    def __init__(
        self,
        words: int,
        dim: int = 300,
        hidden: int = 1500,
        layers: int = 2,
        dropout: float = 0.2,
        train_words: bool = True,
    ) -> None:
        super().__init__()
        words, dim = _check.integer(words, "words", 2), _check.integer(dim, "dim", 1)
        hidden, layers = _check.integer(hidden, "hidden", 1), _check.integer(layers, "layers", 1)
        dropout = _check.in_range(dropout, "dropout", 0.0, 1.0)
        self.config: dict[str, Any] = {
            "words": words,
            "dim": dim,
            "hidden": hidden,
            "layers": layers,
            "dropout": dropout,
            "train_words": bool(train_words),
        }
        self.out_features = 8 * hidden
        self.embedding = nn.Embedding(words, dim, padding_idx=PADDING)
        self.embedding.weight.requires_grad_(bool(train_words))
        self.dropout = nn.Dropout(dropout)
        self.lstm = nn.LSTM(dim, hidden, layers, batch_first=True, bidirectional=True)
        self.pooled = nn.Identity()

    @property
    def hidden_layers(self) -> tuple[str, ...]:
        """The layers whose outputs are representations that may be blended: both sentences' vectors, a pair a row."""
        return ("pooled",)

    @torch.no_grad()
    def set_word_vectors(self, vectors: ArrayLike) -> None:
        """Start from these word vectors; that of padding becomes 0.

        Args:
            vectors: ``(words, dim)``, by id.

        Raises:
            ShapeError: Another shape.
            InputError: NaN or infinite numbers.
        """
        array = _check.finite_array(vectors, "vectors")
        _check.shape(
            array, "vectors", tuple(self.embedding.weight.shape), "give a row for each word of the vocabulary"
        )
        self.embedding.weight.copy_(torch.from_numpy(array))
        self.embedding.weight[PADDING] = 0

    def forward(
        self, first_ids: Shaped[Tensor, "batch first"], second_ids: Shaped[Tensor, "rows second"]
    ) -> Float[Tensor, "batch features"]:
        """Features of a batch."""
        ids, lengths = padded_pairs(first_ids, second_ids, PADDING)
        vectors = self._sentence_vectors(ids, lengths)
        # A pair a row, (batch, 2, 2 * hidden), so that rows can be blended with those of other pairs.
        pairs = self.pooled(vectors.unflatten(0, (2, len(first_ids))).transpose(0, 1))
        return pair_features(pairs[:, 0], pairs[:, 1])

    def _sentence_vectors(
        self, ids: Int[Tensor, "sentences length"], lengths: Int[Tensor, " sentences"]
    ) -> Float[Tensor, "sentences width"]:
        if not len(ids):  # which no packed sequence can hold
            return self.embedding.weight.new_zeros(0, 2 * self.config["hidden"])
        words = self.dropout(self.embedding(ids))
        packed = nn.utils.rnn.pack_padded_sequence(
            words, lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        states, _ = nn.utils.rnn.pad_packed_sequence(
            self.lstm(packed)[0], batch_first=True, total_length=ids.shape[1]
        )
        outside = torch.arange(ids.shape[1], device=ids.device) >= lengths[:, None]
        return self.dropout(states).masked_fill(outside[..., None], -torch.inf).amax(dim=1)
