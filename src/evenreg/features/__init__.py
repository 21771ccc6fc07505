"""Parts that act on representations: calibration of features by what neighbouring labels share."""

from evenreg.features._conr import ConR as ConR
from evenreg.features._cosine_curves import CosineCurves as CosineCurves
from evenreg.features._cosine_curves import cosine_curves as cosine_curves
from evenreg.features._fds import FDS as FDS
from evenreg.features._group_contrast import GroupContrast as GroupContrast
from evenreg.features._neighbour_correlation import neighbour_rank_correlation as neighbour_rank_correlation
from evenreg.features._rank_n_contrast import RankNContrast as RankNContrast
from evenreg.features._rank_sim import RankSim as RankSim
from evenreg.features._ranking_matrices import RankingMatrices as RankingMatrices
from evenreg.features._ranking_matrices import ranking_matrices as ranking_matrices
from evenreg.features._regularizer import AbstractRegularizer as AbstractRegularizer
from evenreg.features._smoothing_distance import smoothing_distance as smoothing_distance
from evenreg.features._statistics_gap import StatisticsGap as StatisticsGap
from evenreg.features._statistics_gap import statistics_gap as statistics_gap
from evenreg.features._statistics_similarity import statistics_similarity as statistics_similarity
from evenreg.features._views import noisy_view as noisy_view
from evenreg.features._views import shifted_view as shifted_view

__all__ = [
    "FDS",
    "AbstractRegularizer",
    "ConR",
    "CosineCurves",
    "GroupContrast",
    "RankNContrast",
    "RankSim",
    "RankingMatrices",
    "StatisticsGap",
    "cosine_curves",
    "neighbour_rank_correlation",
    "noisy_view",
    "ranking_matrices",
    "shifted_view",
    "smoothing_distance",
    "statistics_gap",
    "statistics_similarity",
]
