"""Encoders: inputs to features. A head on top makes predictions of them; nothing here knows about labels.

Every encoder has ``out_features``, the width of what it returns, and ``config``, plain arguments that build
it again so that a state dict can be loaded into it.
"""

from evenreg.models._bilstm import BiLSTM as BiLSTM
from evenreg.models._float_images import channels_first as channels_first
from evenreg.models._float_images import float_images as float_images
from evenreg.models._image_encoder import image_encoder as image_encoder
from evenreg.models._imported_encoder import ImportedEncoder as ImportedEncoder
from evenreg.models._imported_encoder import encoder_from_path as encoder_from_path
from evenreg.models._pair_features import pair_features as pair_features
from evenreg.models._pair_mlp import PairMLP as PairMLP
from evenreg.models._pixel_encoder import PixelEncoder as PixelEncoder
from evenreg.models._resnet import ResNet as ResNet
from evenreg.models._sentence_pair_encoder import SentencePairEncoder as SentencePairEncoder
from evenreg.models._small_cnn import SmallCNN as SmallCNN
from evenreg.models._table_mlp import TableMLP as TableMLP
from evenreg.models._table_mlp import quantile_edges as quantile_edges

__all__ = [
    "BiLSTM",
    "ImportedEncoder",
    "PairMLP",
    "PixelEncoder",
    "ResNet",
    "SentencePairEncoder",
    "SmallCNN",
    "TableMLP",
    "channels_first",
    "encoder_from_path",
    "float_images",
    "image_encoder",
    "pair_features",
    "quantile_edges",
]
