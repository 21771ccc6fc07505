"""Predictions to numbers, frozen and JSON-able: by region, by bin, with intervals; comparisons and tables.

    target, prediction, space ── evaluate ── Evaluation ──┐
                                                          ├── ResultTable ── to_terminal, to_markdown,
                                                          to_latex, to_html
    errors of seeds and rows ── compare_to_reference ── Comparison ── tradeoff_sentence
    a benchmark's name ── published ── PublishedTable: what the papers print

NumPy only; predictions may come from any model. SciPy and rich are imported where they are used.
"""

from evenreg.evaluation._bin_scores import BinScores as BinScores
from evenreg.evaluation._comparison import Comparison as Comparison
from evenreg.evaluation._comparison import Difference as Difference
from evenreg.evaluation._comparison import compare_to_reference as compare_to_reference
from evenreg.evaluation._evaluate import evaluate as evaluate
from evenreg.evaluation._evaluation import Evaluation as Evaluation
from evenreg.evaluation._group_routing import GroupRouting as GroupRouting
from evenreg.evaluation._group_routing import routing_sentence as routing_sentence
from evenreg.evaluation._html import to_html as to_html
from evenreg.evaluation._identity_check import IdentityCheck as IdentityCheck
from evenreg.evaluation._own import own_weight as own_weight
from evenreg.evaluation._published import published as published
from evenreg.evaluation._published_row import PublishedCell as PublishedCell
from evenreg.evaluation._published_row import PublishedRow as PublishedRow
from evenreg.evaluation._published_table import PublishedTable as PublishedTable
from evenreg.evaluation._region_scores import RegionScores as RegionScores
from evenreg.evaluation._render import to_latex as to_latex
from evenreg.evaluation._render import to_markdown as to_markdown
from evenreg.evaluation._render import to_terminal as to_terminal
from evenreg.evaluation._result_table import ResultCell as ResultCell
from evenreg.evaluation._result_table import ResultRow as ResultRow
from evenreg.evaluation._result_table import ResultTable as ResultTable
from evenreg.evaluation._sentences import tradeoff_sentence as tradeoff_sentence

__all__ = [
    "BinScores",
    "Comparison",
    "Difference",
    "Evaluation",
    "GroupRouting",
    "IdentityCheck",
    "PublishedCell",
    "PublishedRow",
    "PublishedTable",
    "RegionScores",
    "ResultCell",
    "ResultRow",
    "ResultTable",
    "compare_to_reference",
    "evaluate",
    "own_weight",
    "published",
    "routing_sentence",
    "to_html",
    "to_latex",
    "to_markdown",
    "to_terminal",
    "tradeoff_sentence",
]
