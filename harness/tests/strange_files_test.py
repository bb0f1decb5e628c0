"""Damaged captures, programs and drivers, others with each commit: refused or judged, never a fault of the rig."""
import pytest
import strange_files
from rig import drawn


@pytest.mark.parametrize("what, count", [(strange_files.captures, 2000), (strange_files.programs, 2000),
                                         (strange_files.drivers, 300)])
def test_strange_files_are_refused_or_judged(what, count, tmp_path):
    wrong = what(count, drawn(what.__name__), tmp_path)
    assert not wrong, wrong[:10]
