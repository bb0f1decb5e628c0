"""What OSS-Fuzz and ClusterFuzzLite build: their list of checks, on the tree as it is checked out and nothing else."""
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from rig import PROGRAMS, PROJECT

FLAGS = ("-O1 -fno-omit-frame-pointer -gline-tables-only -fsanitize=address -fsanitize-address-use-after-scope "
         "-fsanitize=fuzzer-no-link")
SYSTEM = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1"}
REMEMBERS = """
static int bss_runs, data_runs = 5;
int runs_before(void);
int runs_before(void) { return bss_runs++ + data_runs++ - 5; }
"""


def ran(*words, **options):
    return subprocess.run([str(w) for w in words], text=True, errors="replace", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=600, **options)


def build(tree, out, **more):
    got = ran("nice", tree / "scripts/oss-fuzz/build.sh", cwd="/", env={
        "PATH": os.environ["PATH"], "CC": "clang-14", "CXX": "clang++-14", "CFLAGS": FLAGS, "CXXFLAGS": FLAGS, "JOBS": "2",
        "LIB_FUZZING_ENGINE": "-fsanitize=fuzzer", "SANITIZER": "address", "OUT": str(out), "WORK": str(tree.parent / "work"), **more})
    assert got.returncode == 0, got.stdout[-3000:]


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    tree = tmp_path_factory.mktemp("bare") / "tree"
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=PROJECT, text=True,
                           stdout=subprocess.PIPE, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (PROJECT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, tree / name)
    return tree


@pytest.fixture(scope="module")
def out(bare, tmp_path_factory):
    """Built, and moved to where nothing of the tree is beside it."""
    build(bare, bare.parent / "built")
    moved = tmp_path_factory.mktemp("runner") / "out"
    (bare.parent / "built").rename(moved)
    return moved


def fuzz(out, *words):
    return ran(out / "fuzz_program", *words, cwd="/", env={})


def calls(target, prefix):
    return len(re.findall(rf"call\s+[0-9a-f]+ <{prefix}", ran("objdump", "-dC", target).stdout))


def test_all_that_they_look_for_is_there(out):
    assert {p.name for p in out.iterdir()} == {"fuzz_program", "fuzz_program.dict", "fuzz_program.options",
                                               "fuzz_program_seed_corpus.zip"}
    assert os.access(out / "fuzz_program", os.X_OK)
    options = (out / "fuzz_program.options").read_text()
    assert "[libfuzzer]" in options and re.search(r"^max_len = \d+$", options, re.M)


def test_it_needs_nothing_but_the_system(out):
    needed = set(re.findall(r"NEEDED.*\[(.*)\]", ran("readelf", "-d", out / "fuzz_program").stdout))
    assert "libc.so.6" in needed and needed <= SYSTEM
    defined = ran("nm", "--defined-only", out / "fuzz_program").stdout
    for symbol in ("LLVMFuzzerTestOneInput", "LLVMFuzzerRunDriver", "__asan_init", "DriverEntry", "main"):
        assert re.search(rf" [TtW] {symbol}$", defined, re.M), symbol


def test_its_driver_is_instrumented_by_the_one_sanitizer_and_for_coverage(out):
    assert calls(out / "fuzz_program", "__asan") >= 1000
    assert calls(out / "fuzz_program", "__ubsan") <= 200 and calls(out / "fuzz_program", "__msan") <= 3
    said = fuzz(out, "-seed=1337", "-runs=4").stdout
    assert "Done 4 runs" in said and "Is the code instrumented" not in said
    edges = int(re.search(r"INFO: Loaded \d+ module.*\(.*(?:counters|guards)\):\s+(\d+)", said).group(1))
    assert edges > 2000, "the edges of the driver"
    assert all("/core/" in line for line in said.splitlines() if "NEW_FUNC" in line), "and no others"


def test_it_runs_an_empty_input_and_every_seed(out, tmp_path):
    with zipfile.ZipFile(out / "fuzz_program_seed_corpus.zip") as seeds:
        assert len(seeds.namelist()) == len(PROGRAMS) and all(Path(n).name == n for n in seeds.namelist())
        seeds.extractall(tmp_path / "seeds")
    (tmp_path / "empty").write_bytes(b"")
    assert fuzz(out, tmp_path / "empty").returncode == 0
    (tmp_path / "new").mkdir()
    words = len((out / "fuzz_program.dict").read_text().splitlines())
    got = fuzz(out, f"-runs={len(PROGRAMS) + 200}", "-seed=1", f"-dict={out}/fuzz_program.dict", tmp_path / "new", tmp_path / "seeds")
    assert got.returncode == 0, got.stdout[-2000:]
    assert f"Dictionary: {words} entries" in got.stdout
    assert int(re.search(r"INITED cov: (\d+)", got.stdout).group(1)) > 1500


def test_another_driver_is_linked_in_and_forgets_between_runs(bare, out, tmp_path):
    """Its data are put back before each run, as those of one that is loaded."""
    driver = tmp_path / "driver"
    shutil.copytree(PROJECT / "harness/drivers/second", driver)
    (driver / "remembers.c").write_text(REMEMBERS)
    (entry,) = [p for p in driver.glob("*.c") if "\nDriverEntry(" in p.read_text() or " DriverEntry(" in p.read_text()]
    text, made = re.subn(r"(DriverEntry\([^)]*\)\s*\{)", r"\1\n    if (runs_before()) { __builtin_trap(); }", entry.read_text())
    assert made == 1
    entry.write_text("int runs_before(void);\n" + text)
    build(bare, tmp_path / "out", CHIMNEYSWEEP_SOURCES=str(driver))
    with zipfile.ZipFile(out / "fuzz_program_seed_corpus.zip") as seeds:
        seeds.extract("00001.bin", tmp_path)
    got = fuzz(tmp_path / "out", "-runs=5", tmp_path / "00001.bin")
    assert got.returncode == 0, got.stdout[-2000:]
    said = ran("nm", "--defined-only", tmp_path / "out/fuzz_program").stdout
    assert "runs_before" in said and "chim_csum_pseudo" not in said


def test_a_wrong_sanitizer_and_a_missing_folder_are_refused(tmp_path):
    script = PROJECT / "scripts/oss-fuzz/build.sh"
    for more, word in (({}, "OUT is not set"), ({"OUT": str(tmp_path), "SANITIZER": "dataflow"}, "SANITIZER=dataflow")):
        got = ran(script, env={"PATH": os.environ["PATH"], **more})
        assert got.returncode == 2 and word in got.stdout


def test_no_registry_is_named_and_files_say_what_they_must():
    folder = PROJECT / ".clusterfuzzlite"
    docker = (folder / "Dockerfile").read_text()
    assert re.search(r"^ARG BASE_IMAGE\nFROM \$\{BASE_IMAGE\}$", docker, re.M) and not re.search(r"\w\.(io|com|org)/", docker)
    assert re.search(r"^language: c$", (folder / "project.yaml").read_text(), re.M)
    assert os.access(folder / "build.sh", os.X_OK) and "scripts/oss-fuzz/build.sh" in (folder / "build.sh").read_text()
