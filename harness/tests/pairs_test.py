"""Generated programs: every two values meet, corpora/pairs is what scripts/pairs makes, and other rows pass too."""
import os
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

PROJECT = Path(os.environ["PROJECT"])
CHIMNEYSWEEP = os.environ["CHIMNEYSWEEP"]
BUILD = Path(os.environ["BUILD"])
sys.path.insert(0, str(PROJECT / "scripts/campaign"))
import draw  # noqa: E402
import pairs  # noqa: E402


def made(out: Path, *options: str) -> Path:
    subprocess.run([PROJECT / "scripts/pairs", "--out", out, *options], check=True, stdout=subprocess.PIPE)
    return out


def lines_of(folder: Path) -> list:
    return [set(path.read_text().splitlines()) for path in sorted(folder.glob("*.chim"))]


def test_what_is_shipped_is_what_is_made(tmp_path):
    fresh = {p.name: p.read_text() for p in made(tmp_path).glob("*.chim")}
    assert fresh and fresh == {p.name: p.read_text() for p in (PROJECT / "corpora/pairs").glob("*.chim")}


def test_every_two_values_meet_in_a_program():
    programs = lines_of(PROJECT / "corpora/pairs")
    factors = [[v for v in values if v] for values in pairs.factors()[:-1]]
    missing = [(x, y) for a, b in combinations(factors, 2) for x in a for y in b
               if not any(x in lines and y in lines for lines in programs)]
    assert not missing, missing[:5]


def test_other_rows_pass_on_both_targets(tmp_path):
    rows = made(tmp_path, "--seed", str(draw.seed_of(draw.commit())))
    for driver in ("offload_core", "second"):
        got = subprocess.run([CHIMNEYSWEEP, "sweep", "--strict", "--driver", BUILD / f"lib/{driver}.so", rows], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert got.returncode == 0 and re.search(r"\b0 failed", got.stdout), got.stdout[-3000:]


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    got = subprocess.run([PROJECT / "scripts/pairs", "--out", tmp_path / "file"], text=True, stderr=subprocess.PIPE)
    assert got.returncode == 3 and str(tmp_path / "file") in got.stderr
