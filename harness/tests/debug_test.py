"""A run under a debugger: in one process, stopped where the verdict falls or where it was asked to."""
import shutil
import subprocess

import pytest
from rig import BUILD, PROJECT, RELEASE, run

PROGRAM = PROJECT / "corpora/situations/push-timer.chim"
SECOND = PROJECT / "harness/drivers/second"


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """The second target with one of its planted bugs, and the program that shows it."""
    tree = tmp_path_factory.mktemp("broken") / "harness/drivers/second"
    shutil.copytree(SECOND, tree)
    patch = sorted((tree / "bugs").glob("*.patch"))[0]
    words = dict(line.split(": ", 1) for line in patch.read_text().splitlines() if line.startswith(("Rule", "Program")))
    subprocess.run(["git", "apply", patch], cwd=tree.parents[2], check=True)
    driver = tree / "driver.so"
    subprocess.run(["clang-14", "-shared", "-fPIC", "-g", "-O1", f"-I{PROJECT}/core/include",
                    *sorted(tree.glob("*.c")), "-o", driver], check=True)
    return driver, PROJECT / words["Program"], words["Rule"]


def gdb(*arguments):
    got = subprocess.run([RELEASE, "run", "--gdb", *arguments], input="quit\n", text=True, timeout=120,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return got.stdout


def test_a_run_without_a_debugger_is_the_same_run():
    for program in (RELEASE, BUILD / "bin/chimneysweep"):
        assert run("run", "--debug", PROGRAM, program=program).stdout == run("run", PROGRAM, program=program).stdout


def test_the_debugger_stops_at_an_event_with_the_way_to_it():
    said = gdb("--event", "60", PROGRAM)
    assert "debug: event 60\n" in said and "SIGTRAP" in said and "play_program" in said


def test_the_debugger_stops_in_the_call_that_broke_the_rule(broken):
    driver, program, rule = broken
    said = gdb("--driver", driver, program)
    assert f": {rule}: expected " in said and "SIGTRAP" in said
    assert "DriverEntry" in said or "Second" in said or str(driver.parent) in said, said[-3000:]


def test_an_event_that_never_comes_is_said():
    got = run("run", "--debug", "--event", 1000000, PROGRAM)
    assert got.returncode == 0 and "--event 1000000: the run ended at event" in got.stderr
    assert run("run", "--event", 5, PROGRAM).returncode == 2
