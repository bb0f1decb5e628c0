"""Each allocation fails in turn, in every situation: at start, and from each operation on."""
import pytest
from rig import CHIMNEYSWEEP, PROJECT, sweep_totals

SITUATIONS = sorted((PROJECT / "corpora/situations").glob("*.chim"))
OPERATIONS = ("c", "tick", "fault", "return", "adapter", "parameters", "oid", "batch", "cpu", "nop")


def split(text):
    """Header lines, then operations."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    first = next((i for i, line in enumerate(lines[1:], 1)
                  if line.split()[0] in OPERATIONS or (line[0] == "c" and line[1].isdigit())), len(lines))
    return lines[:first], lines[first:]


@pytest.mark.parametrize("count", [1, 3])
def test_every_allocation_may_fail(tmp_path, count):
    for source in SITUATIONS:
        head, operations = split(source.read_text())
        for skip in range(0, 24):
            fault = f"fault kind=alloc skip={skip} count={count}"
            (tmp_path / f"{source.stem}-{skip:02}.chim").write_text("\n".join([*head, fault, *operations]) + "\n")
    got, lines = sweep_totals(CHIMNEYSWEEP, tmp_path)
    assert got.returncode == 0, got.stdout[:2000]
    assert lines[-1]["programs"] == 24 * len(SITUATIONS)


def test_every_allocation_of_the_start_may_fail(tmp_path):
    for source in SITUATIONS[:12]:
        head, operations = split(source.read_text())
        for n in range(1, 32):
            (tmp_path / f"{source.stem}-{n:02}.chim").write_text(
                "\n".join([*head, f"fail-start {n}", *operations]) + "\n")
    got, lines = sweep_totals(CHIMNEYSWEEP, tmp_path)
    assert got.returncode == 0, got.stdout[:2000]


def test_every_prefix_of_every_situation_may_be_the_end(tmp_path):
    for source in SITUATIONS:
        head, operations = split(source.read_text())
        for end in range(len(operations)):
            for name, last in (("stop", []), ("terminate", ["c0 terminate scope=all"]),
                               ("remove", ["adapter do=remove"]), ("reset", ["adapter do=reset"])):
                (tmp_path / f"{source.stem}-{end:02}-{name}.chim").write_text(
                    "\n".join([*head, *operations[:end], *last]) + "\n")
    got, lines = sweep_totals(CHIMNEYSWEEP, tmp_path)
    assert got.returncode == 0, got.stdout[:2000]
    assert lines[-1]["programs"] > 1000
