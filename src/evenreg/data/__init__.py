"""Data: a person's own table, the embedded images of rotated digits, and the benchmarks of the papers as folders.

NumPy and pandas in, NumPy out. scikit-learn, SciPy and skrub are imported inside the functions that need
them, so that reading a table stays quick; nothing here imports torch.
"""

from evenreg.data._benchmark import BENCHMARKS as BENCHMARKS
from evenreg.data._benchmark import Benchmark as Benchmark
from evenreg.data._benchmark_rows import VARIANTS as VARIANTS
from evenreg.data._benchmark_rows import benchmark_rows as benchmark_rows
from evenreg.data._cache_images import cache_images as cache_images
from evenreg.data._columns import column_names as column_names
from evenreg.data._columns import read_columns as read_columns
from evenreg.data._crop_and_flip import crop_and_flip as crop_and_flip
from evenreg.data._digits_rotation import digits_rotation as digits_rotation
from evenreg.data._image_cache import ImageCache as ImageCache
from evenreg.data._images import Images as Images
from evenreg.data._inputs import TableInputs as TableInputs
from evenreg.data._inputs import TreeInputs as TreeInputs
from evenreg.data._prepare_images import prepare_images as prepare_images
from evenreg.data._prepare_sentences import prepare_sentences as prepare_sentences
from evenreg.data._prepared import open_prepared as open_prepared
from evenreg.data._preprocessor import TablePreprocessor as TablePreprocessor
from evenreg.data._rows import AbstractBlock as AbstractBlock
from evenreg.data._rows import AbstractRows as AbstractRows
from evenreg.data._rows import open_rows as open_rows
from evenreg.data._sentence_pairs import SentencePairs as SentencePairs
from evenreg.data._split_facts import SplitFacts as SplitFacts
from evenreg.data._synthetic import SYNTHETIC as SYNTHETIC
from evenreg.data._synthetic import SyntheticDraws as SyntheticDraws
from evenreg.data._synthetic import SyntheticSetting as SyntheticSetting
from evenreg.data._synthetic import SyntheticTest as SyntheticTest
from evenreg.data._synthetic import reverse_regression as reverse_regression
from evenreg.data._table import Table as Table
from evenreg.data._table import check_enough_rows as check_enough_rows
from evenreg.data._table import check_trainable as check_trainable
from evenreg.data._table import read_table as read_table
from evenreg.data._table import table_from_frame as table_from_frame
from evenreg.data._training_columns import check_columns as check_columns
from evenreg.data._verification import Verification as Verification
from evenreg.data._verification import verify as verify

__all__ = [
    "BENCHMARKS",
    "SYNTHETIC",
    "VARIANTS",
    "AbstractBlock",
    "AbstractRows",
    "Benchmark",
    "ImageCache",
    "Images",
    "SentencePairs",
    "SplitFacts",
    "SyntheticDraws",
    "SyntheticSetting",
    "SyntheticTest",
    "Table",
    "TableInputs",
    "TablePreprocessor",
    "TreeInputs",
    "Verification",
    "benchmark_rows",
    "cache_images",
    "check_columns",
    "check_enough_rows",
    "check_trainable",
    "column_names",
    "crop_and_flip",
    "digits_rotation",
    "open_prepared",
    "open_rows",
    "prepare_images",
    "prepare_sentences",
    "read_columns",
    "read_table",
    "reverse_regression",
    "table_from_frame",
    "verify",
]
