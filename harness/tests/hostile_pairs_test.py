"""Pairs of hostile driver and command, drawn by the commit: each is caught and named, within bounds."""
import hostile_drivers
import pytest
from rig import RELEASE, drawn

PAIRS = sorted((name, command) for name in hostile_drivers.DRIVERS for command in hostile_drivers.COMMANDS)
DRAWN = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    assert RELEASE.exists(), "they are asked of the release build: scripts/build release"
    return hostile_drivers.prepared(tmp_path_factory.mktemp("hostile"))


@pytest.mark.parametrize("name, command", drawn("hostile pairs").sample(PAIRS, DRAWN))
def test_a_hostile_driver_is_caught_and_named(name, command, folder):
    wrong = hostile_drivers.tried(name, command, folder)
    assert not wrong, wrong


def test_there_are_enough_of_them():
    assert len(hostile_drivers.DRIVERS) > 40 and len(PAIRS) == 5 * len(hostile_drivers.DRIVERS)
