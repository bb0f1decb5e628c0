"""check-driver --fuzz: both engines find what no program shows, and their absence is no pass."""
import json
import os
import shutil
import subprocess

import pytest
from rig import PROJECT, RELEASE, run

CORE = RELEASE.parent.parent / "lib/offload_core.so"
SOURCE = PROJECT / "harness/drivers/second"
FLAGS = ["-std=gnu11", "-O1", "-g", "-fPIC", "-shared", "-fvisibility=hidden", "-fno-builtin-bcmp", "-Wl,-z,lazy"]


@pytest.fixture
def miscounts(tmp_path):
    """The second driver, with a count that is wrong for few lengths: of 128 one."""
    source = shutil.copytree(SOURCE, tmp_path / "second")
    text = (source / "deliver.c").read_text()
    right = "(PVOID)(ULONG_PTR)Placed;\n    if (Placed != 0)"
    assert text.count(right) == 1
    (source / "deliver.c").write_text(text.replace(right, right.replace("Placed;", "(Placed - (Placed % 128 == 77));")))
    subprocess.run(["clang-14", *FLAGS, f"-I{PROJECT}/core/include", "-o", tmp_path / "miscounts.so",
                    *sorted(source.glob("*.c"))], check=True)
    return tmp_path / "miscounts.so"


def test_the_engines_find_what_no_program_shows(miscounts, tmp_path):
    found = tmp_path / "found"
    got = run("check-driver", "--json", "--fuzz", 8, "--out", found, miscounts, program=RELEASE)
    report = json.loads(got.stdout)
    programs = len(list((PROJECT / "corpora").rglob("*.chim"))) + len(list((PROJECT / "corpora").rglob("*.bin")))
    fuzz = report["fuzz"]
    assert report["programs"] == programs + fuzz["findings"]
    assert [e["name"] for e in fuzz["engines"]] == ["libFuzzer", "AFL++"]
    assert all(e["executions"] > 0 and e["per_second"] > 0 for e in fuzz["engines"])
    assert got.returncode == 1 and report["failed"] == fuzz["findings"] > 0 and not fuzz["not_again"]
    broken = [rule["finding"] for rule in report["rules"] if rule["result"] == "broken"]
    assert broken and all(str(found / "findings") in b["first"] for b in broken)
    again = run("run", "--driver", miscounts, broken[0]["first"], program=RELEASE)
    assert again.returncode == 1 and "VIOLATION" in again.stdout


def test_without_engine_programs_there_is_one_line_and_no_pass(tmp_path):
    (tmp_path / "bin").mkdir()
    program = shutil.copy(RELEASE, tmp_path / "bin/chimneysweep")
    got = run("check-driver", "--fuzz", 1, "--corpora", PROJECT / "corpora/situations/push-timer.chim", CORE,
              program=program)
    assert got.returncode == 3 and not got.stdout
    assert len(got.stderr.splitlines()) == 1 and "no engine program" in got.stderr and "fuzz-plain" in got.stderr


def test_engine_programs_lie_beside_and_must_run(tmp_path):
    """Here they are there, but do nothing: that is no pass either."""
    for place in ("fuzz-plain/bin/fuzz_program", "afl-plain/bin/fuzz_program", "release/lib/chim_mutator.so"):
        path = tmp_path / place
        path.parent.mkdir(parents=True)
        path.write_text("#!/bin/sh\nexit 1\n")
        path.chmod(0o755)
    for folder in ("release/bin", "corpora"):
        (tmp_path / folder).mkdir()
    program = shutil.copy(RELEASE, tmp_path / "release/bin/chimneysweep")
    shutil.copy(PROJECT / "corpora/situations/push-timer.chim", tmp_path / "corpora")
    got = run("check-driver", "--fuzz", 1, "--corpora", tmp_path / "corpora", CORE, program=program,
              env={**os.environ, "TMPDIR": str(tmp_path)})
    assert got.returncode == 3 and "libFuzzer ran nothing" in got.stderr and "AFL++ ran nothing" in got.stderr


@pytest.mark.parametrize("words", [["--out", "x"], ["--fuzz", "0"], ["--fuzz", "soon"]])
def test_what_cannot_be_meant_is_a_usage_error(words):
    got = run("check-driver", *words)
    assert got.returncode == 2 and len(got.stderr.splitlines()) == 1
