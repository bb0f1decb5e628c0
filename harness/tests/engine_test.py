"""Both engines run the one target over the seeds, deterministically, and find what is planted."""
import os
import subprocess

import pytest
from rig import CHIMNEYSWEEP, PROGRAMS, PROJECT, run

LIBFUZZER = PROJECT / "build/fuzz/bin/fuzz_program"
AFL = PROJECT / "build/afl/bin/fuzz_program"


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seeds")
    for source in PROGRAMS:
        assert run("asm", "-o", folder / f"{source.parent.name}-{source.stem}.bin", source).returncode == 0
    return folder


def test_libfuzzer_runs_every_seed_and_mutates(seeds, tmp_path):
    if not LIBFUZZER.exists():
        pytest.skip("no fuzz build")
    got = subprocess.run([LIBFUZZER, "-runs=3000", "-seed=1", "-max_len=2048", "-ignore_crashes=1",
                          f"-artifact_prefix={tmp_path}/", tmp_path, seeds],
                         text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    assert "INITED" in got.stdout, got.stdout[-2000:]
    assert "ERROR" not in got.stdout, got.stdout[-3000:]
    assert got.returncode == 0


def test_the_afl_target_runs_every_seed(seeds):
    if not AFL.exists():
        pytest.skip("no afl build")
    got = subprocess.run(["afl-showmap", "-q", "-t", "5000", "-m", "none", "-i", seeds, "-o",
                          seeds.parent / "map", "--", AFL], text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=600,
                         env={**os.environ, "ASAN_OPTIONS": "abort_on_error=1:symbolize=0:detect_leaks=0"})
    assert got.returncode == 0, got.stdout[-2000:]
    maps = list((seeds.parent / "map").iterdir())
    assert len(maps) == len(PROGRAMS)
    edges = sorted(len(m.read_text().splitlines()) for m in maps)
    assert edges[0] > 0 and edges[len(edges) // 2] > 100  # some programs fail to start on purpose
