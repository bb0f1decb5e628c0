"""Importing this module fills the catalogue with every recipe."""

from . import (  # noqa: F401
    crafted_close,
    crafted_frames,
    crafted_hostile,
    crafted_order,
    linux_bulk,
    linux_http,
    linux_options,
    linux_sockets,
)
from .catalogue import CATALOGUE  # noqa: F401
