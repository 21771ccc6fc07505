"""What a person hands to a model to predict: a table, sentences, images; and what is said where it is none of them."""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from evenreg.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame


def table_of(inputs: Any, columns: str = "the training columns", of: str = "a table") -> "DataFrame":
    """A DataFrame, or an `InputError` that says which columns it was to have."""
    import pandas as pd

    if not isinstance(inputs, pd.DataFrame):
        raise InputError(
            f"inputs: expected a DataFrame with {columns}, got {type(inputs).__name__}; this model was trained on {of}."
        )
    return inputs


def sentences_of(inputs: Any) -> tuple[list[str], list[str]]:
    """First and second sentences of a DataFrame's rows."""
    frame = table_of(inputs, "columns 'first' and 'second'", "pairs of sentences")
    for name in ("first", "second"):
        if name not in frame.columns or not len(frame):
            raise InputError(
                f"inputs: expected columns 'first' and 'second' with a sentence in every row, got {len(frame)} rows "
                f"of {', '.join(map(repr, frame.columns))}; name them so."
            )
    return list(frame["first"]), list(frame["second"])


def images_of(inputs: Any, *, pixels: bool) -> Tensor:
    """Images as a tensor; ``pixels`` says that the encoder takes uint8 with channels last, too."""
    shape = getattr(inputs, "shape", None)
    if not isinstance(inputs, np.ndarray) or len(inputs.shape) != 4 or not len(inputs):
        got = f"shape {shape}" if isinstance(inputs, np.ndarray) else type(inputs).__name__
        raise InputError(
            f"inputs: expected images (rows, channels, height, width), at least one, got {got}; this model was trained "
            "on images."
        )
    kept = pixels and inputs.dtype == np.uint8
    return torch.from_numpy(np.ascontiguousarray(inputs, dtype=np.uint8 if kept else np.float32))
