"""A driver without instrumentation in both engines: they go by states, and page protection stops foreign accesses."""
import os
import shutil
import subprocess
import sys

import pytest
from rig import PROJECT, run

sys.path.insert(0, str(PROJECT / "scripts/campaign"))
import bugs  # noqa: E402

LIBFUZZER, AFL = (PROJECT / f"build/{preset}/bin/fuzz_program" for preset in ("fuzz-plain", "afl-plain"))
CORE = PROJECT / "build/release/lib/offload_core.so"


def engine(*words, driver=CORE, **more):
    return subprocess.run([str(w) for w in words], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=600, errors="replace", env={**os.environ, "CHIMNEYSWEEP_DRIVER": str(driver), **more})


def grown(tmp_path, name, **more):
    corpus = tmp_path / name
    corpus.mkdir()
    got = engine(LIBFUZZER, "-runs=600", "-seed=1", "-max_len=3072", "-entropic=0", f"-artifact_prefix={tmp_path}/",
                 corpus, **more)
    return got, sorted(p.name for p in corpus.iterdir())


def test_libfuzzer_goes_by_states_and_always_the_same_way(tmp_path):
    got, first = grown(tmp_path, "first")
    assert got.returncode == 0 and "executions" in got.stdout and len(first) > 20
    assert grown(tmp_path, "second")[1] == first


def test_libfuzzer_has_nothing_to_go_by_without_them(tmp_path):
    got, corpus = grown(tmp_path, "corpus", CHIMNEYSWEEP_STATES="off")
    assert len(corpus) <= 1, got.stdout[-500:]


def test_states_are_in_the_map_of_afl(tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    asm = run("asm", "-o", programs / "one.bin", PROJECT / "corpora/situations/push-timer.chim")
    assert asm.returncode == 0
    maps = []
    for turn in range(2):
        out = tmp_path / f"map-{turn}"
        got = engine("afl-showmap", "-q", "-t", "5000", "-m", "none", "-i", programs, "-o", out, "--", AFL)
        assert got.returncode == 0, got.stdout[-500:]
        maps.append((out / "one.bin").read_text())
    assert len(maps[0].splitlines()) > 40 and maps[0] == maps[1]


def test_pages_stop_a_foreign_touch_on_those_inputs_that_are_chosen(tmp_path):
    bug = bugs.read(PROJECT / "harness/bugs/touch-after-completion.patch")
    driver = bugs.build(bug, "release", bugs.drivers.compile_commands("release"))
    program = tmp_path / "program.bin"
    assert run("asm", "-o", program, bug.program).returncode == 0
    free = engine(LIBFUZZER, program, driver=driver)
    assert free.returncode == 0, free.stdout[-500:]
    guarded = engine(LIBFUZZER, program, driver=driver, CHIMNEYSWEEP_GUARD="pages:1")
    assert guarded.returncode != 0 and "SEGV" in guarded.stdout
    some = {engine(LIBFUZZER, program, driver=driver, CHIMNEYSWEEP_GUARD="pages:2").returncode != 0 for _ in range(3)}
    assert len(some) == 1


def test_pages_stop_it_in_the_other_engine_too(tmp_path):
    bug = bugs.read(PROJECT / "harness/bugs/touch-after-completion.patch")
    driver = bugs.build(bug, "release", bugs.drivers.compile_commands("release"))
    program = tmp_path / "program.bin"
    assert run("asm", "-o", program, bug.program).returncode == 0
    free, guarded = (engine(AFL, program, driver=driver, AFL_IGNORE_PROBLEMS="1", **more) for more in
                     ({}, {"CHIMNEYSWEEP_GUARD": "pages:1"}))
    assert free.returncode == 0, free.stdout[-500:]
    assert guarded.returncode < 0, guarded.stdout[-500:]


@pytest.mark.parametrize("name, value", [("CHIMNEYSWEEP_GUARD", "walls"), ("CHIMNEYSWEEP_GUARD", "pages:0"),
                                         ("CHIMNEYSWEEP_STATES", "maybe")])
def test_a_wrong_word_is_refused(name, value):
    got = engine(LIBFUZZER, "-runs=1", **{name: value})
    assert got.returncode == 3 and name in got.stdout
