"""Parts that act on representations: calibration of features by what neighbouring labels share."""

from evenreg.features._fds import FDS as FDS

__all__ = ["FDS"]
