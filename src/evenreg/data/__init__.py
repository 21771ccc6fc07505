"""Data: a person's own table from CSV, Parquet or a DataFrame, and the embedded images of rotated digits.

NumPy and pandas in, NumPy out. scikit-learn, SciPy and skrub are imported inside the functions that need
them, so that reading a table stays quick; nothing here imports torch.
"""

from evenreg.data._columns import column_names as column_names
from evenreg.data._columns import read_columns as read_columns
from evenreg.data._digits_rotation import digits_rotation as digits_rotation
from evenreg.data._images import Images as Images
from evenreg.data._inputs import TableInputs as TableInputs
from evenreg.data._inputs import TreeInputs as TreeInputs
from evenreg.data._preprocessor import TablePreprocessor as TablePreprocessor
from evenreg.data._rows import AbstractBlock as AbstractBlock
from evenreg.data._rows import AbstractRows as AbstractRows
from evenreg.data._rows import open_rows as open_rows
from evenreg.data._table import Table as Table
from evenreg.data._table import check_enough_rows as check_enough_rows
from evenreg.data._table import check_trainable as check_trainable
from evenreg.data._table import read_table as read_table
from evenreg.data._table import table_from_frame as table_from_frame
from evenreg.data._training_columns import check_columns as check_columns

__all__ = [
    "AbstractBlock",
    "AbstractRows",
    "Images",
    "Table",
    "TableInputs",
    "TablePreprocessor",
    "TreeInputs",
    "check_columns",
    "check_enough_rows",
    "check_trainable",
    "column_names",
    "digits_rotation",
    "open_rows",
    "read_columns",
    "read_table",
    "table_from_frame",
]
