"""Encoders: inputs to features. A head on top makes predictions of them; nothing here knows about labels.

Every encoder has ``out_features``, the width of what it returns, and ``config``, plain arguments that build
it again so that a state dict can be loaded into it.
"""

from evenreg.models._bilstm import BiLSTM as BiLSTM
from evenreg.models._pair_features import pair_features as pair_features
from evenreg.models._small_cnn import SmallCNN as SmallCNN
from evenreg.models._table_mlp import TableMLP as TableMLP
from evenreg.models._table_mlp import quantile_edges as quantile_edges

__all__ = ["BiLSTM", "SmallCNN", "TableMLP", "pair_features", "quantile_edges"]
