"""Several processes share the programs: what is printed is the same as with one, and they end with the rig."""
import signal
import subprocess
import time

import pytest
from rig import CHIMNEYSWEEP, PROGRAMS, PROJECT, run, running

SOURCE = PROJECT / "harness/tests/hostile/miniport.c"
CORPORA = PROJECT / "corpora/situations"


def compiled(folder, *definitions):
    driver = folder / "hostile.so"
    subprocess.run(["clang-14", "-shared", "-fPIC", "-O1", "-w", f"-I{PROJECT}/core/include", "-o", driver,
                    *(f"-D{d}" for d in definitions), SOURCE], check=True)
    return driver


def told(*arguments):
    got = run(*arguments)
    return got.stdout, got.returncode, got.stderr


# One that passes, one that ends each run, and two that are met at one place again and again.
@pytest.mark.parametrize("definitions", [[], ["IN_INITIALIZE=_exit(0)"], ["IN_INITIALIZE=sleep(1000)"],
                                         ["IN_ENTRY=return NDIS_STATUS_FAILURE"], ["IN_INITIALIZE=raise(SIGILL)"]])
def test_the_table_is_the_same_with_several_processes(definitions, tmp_path):
    driver = ["--driver", compiled(tmp_path, *definitions)] if definitions else []
    for form in ([], ["--json"]):
        command = ["check-driver", "--timeout", 1, *form, *driver, "--corpora", CORPORA, "--jobs"]
        assert told(*command, 1) == told(*command, 3)


def test_processes_end_with_the_rig(tmp_path):
    driver = compiled(tmp_path, "IN_INITIALIZE=sleep(1000)")
    with subprocess.Popen([CHIMNEYSWEEP, "check-driver", "--jobs", "3", "--driver", driver, "--timeout", "60", "--corpora",
                           CORPORA], stdout=subprocess.PIPE) as rig:
        while len(set(running(driver))) < 3:
            time.sleep(0.05)
        rig.send_signal(signal.SIGTERM)
        rig.wait()
        while set(running(driver)):
            time.sleep(0.05)


def test_more_processes_than_programs_are_as_many():
    program = next(p for p in PROGRAMS if p.suffix == ".chim")
    assert told("check-driver", "--jobs", 64, "--corpora", program) == told("check-driver", "--corpora", program)
