"""Importing this module fills the catalogue with every recipe."""

from . import crafted_close, crafted_frames, crafted_hostile, crafted_order  # noqa: F401
from .catalogue import CATALOGUE  # noqa: F401
