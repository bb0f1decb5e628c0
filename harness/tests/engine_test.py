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
    words = tmp_path / "program.dict"
    words.write_text(run("show", "--dictionary").stdout)
    (tmp_path / "corpus").mkdir()
    got = subprocess.run([LIBFUZZER, "-runs=3000", "-seed=1", "-max_len=3072", "-ignore_crashes=1", f"-dict={words}",
                          f"-artifact_prefix={tmp_path}/", tmp_path / "corpus", seeds],
                         text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    assert "INITED" in got.stdout, got.stdout[-2000:]
    assert f"Dictionary: {len(words.read_text().splitlines())} entries" in got.stdout
    assert "ERROR" not in got.stdout, got.stdout[-3000:]
    assert got.returncode == 0
    saved = sorted((tmp_path / "corpus").iterdir())
    assert saved
    for path in saved:  # an engine saves nothing that is not a program to the commands
        assert run("show", path).returncode == 0, path


@pytest.fixture(scope="module")
def breaker(tmp_path_factory):
    """A driver that does not survive any program."""
    folder = tmp_path_factory.mktemp("breaker")
    (folder / "breaker.c").write_text("int DriverEntry(void) { return *(volatile int *)8; }\n")
    subprocess.run(["clang-14", "-shared", "-fPIC", "-o", folder / "breaker.so", folder / "breaker.c"], check=True)
    return folder / "breaker.so"


def test_what_an_engine_saves_is_the_same_program_to_the_commands(breaker, tmp_path):
    """Without a corpus libFuzzer begins with a newline; that is saved, byte for byte."""
    if not LIBFUZZER.exists():
        pytest.skip("no fuzz build")
    got = subprocess.run([LIBFUZZER, "-runs=10", f"-artifact_prefix={tmp_path}/"], text=True, timeout=600,
                         env={**os.environ, "CHIMNEYSWEEP_DRIVER": str(breaker)},
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    (saved,) = tmp_path.iterdir()
    assert got.returncode != 0 and saved.read_bytes() == b"\n"
    again = run("run", "--json", "--driver", breaker, saved)
    assert again.returncode == 1 and '"verdict": "pass"' not in again.stdout


@pytest.mark.parametrize("first, runs", [(0, False), (1, False), (2, True), (3, False), (0x7B, False), (0x0A, False)])
def test_an_engine_runs_only_what_has_the_current_format(breaker, tmp_path, first, runs):
    if not LIBFUZZER.exists():
        pytest.skip("no fuzz build")
    item = tmp_path / "item"
    item.write_bytes(bytes([first]) + bytes(100))
    got = subprocess.run([LIBFUZZER, item], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600,
                         env={**os.environ, "CHIMNEYSWEEP_DRIVER": str(breaker)})
    assert (got.returncode != 0) == runs
    assert ("asm converts" in got.stdout) == (first == 1)


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
