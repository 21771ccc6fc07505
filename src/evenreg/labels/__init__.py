"""Bins, densities, weights, regions and splits from labels alone: NumPy in, NumPy out."""

from evenreg.labels._bins import Bins as Bins
from evenreg.labels._class_balanced import ClassBalanced as ClassBalanced
from evenreg.labels._dense_weight import DenseWeight as DenseWeight
from evenreg.labels._inverse_frequency import InverseFrequency as InverseFrequency
from evenreg.labels._kernel_density import KernelDensity as KernelDensity
from evenreg.labels._label_groups import GROUPINGS as GROUPINGS
from evenreg.labels._label_groups import LabelGroups as LabelGroups
from evenreg.labels._label_space import LabelSpace as LabelSpace
from evenreg.labels._lds import LDS as LDS
from evenreg.labels._matched_subset import matched_subset as matched_subset
from evenreg.labels._mixture import GaussianMixture as GaussianMixture
from evenreg.labels._peak import Peak as Peak
from evenreg.labels._relevance import Relevance as Relevance
from evenreg.labels._sample_weight import sample_weight as sample_weight
from evenreg.labels._sample_weight import weighting_from as weighting_from
from evenreg.labels._shot_regions import REGIONS as REGIONS
from evenreg.labels._shot_regions import ShotRegions as ShotRegions
from evenreg.labels._skewed_subset import skewed_subset as skewed_subset
from evenreg.labels._soft_labels import soft_labels as soft_labels
from evenreg.labels._split import Split as Split
from evenreg.labels._split import balanced_holdout as balanced_holdout
from evenreg.labels._split import balanced_split as balanced_split
from evenreg.labels._stratified_k_fold import StratifiedKFold as StratifiedKFold
from evenreg.labels._stratified_split import stratified_split as stratified_split
from evenreg.labels._weighting import AbstractWeighting as AbstractWeighting
from evenreg.labels._zero_shot_subset import zero_shot_subset as zero_shot_subset

__all__ = [
    "GROUPINGS",
    "LDS",
    "REGIONS",
    "AbstractWeighting",
    "Bins",
    "ClassBalanced",
    "DenseWeight",
    "GaussianMixture",
    "InverseFrequency",
    "KernelDensity",
    "LabelGroups",
    "LabelSpace",
    "Peak",
    "Relevance",
    "ShotRegions",
    "Split",
    "StratifiedKFold",
    "balanced_holdout",
    "balanced_split",
    "matched_subset",
    "sample_weight",
    "skewed_subset",
    "soft_labels",
    "stratified_split",
    "weighting_from",
    "zero_shot_subset",
]
