"""Several processes share the programs: what is printed is the same as with one, and they end with the rig."""
import json
import shutil
import signal
import subprocess
import time

import pytest
from rig import CHIMNEYSWEEP, PROGRAMS, PROJECT, run, running

SOURCE = PROJECT / "harness/tests/hostile/miniport.c"


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpora")
    for program in PROGRAMS[::40]:
        shutil.copy(program, folder)
    return folder


def compiled(folder, *definitions):
    driver = folder / "hostile.so"
    subprocess.run(["clang-14", "-shared", "-fPIC", "-O1", "-w", f"-I{PROJECT}/core/include", "-o", driver,
                    *(f"-D{d}" for d in definitions), SOURCE], check=True)
    return driver


def told(*arguments):
    got = run(*arguments)
    return got.stdout, got.returncode, got.stderr


# One that passes, one that ends each run, one that breaks a rule, and one that dies at one place again and again.
@pytest.mark.parametrize("definitions", [[], ["IN_INITIALIZE=_exit(0)"], ["IN_ENTRY=return NDIS_STATUS_FAILURE"],
                                         ["IN_INITIALIZE=raise(SIGILL)"]])
def test_what_is_told_is_the_same_with_several_processes(definitions, tmp_path, corpora):
    driver = ["--driver", compiled(tmp_path, *definitions)] if definitions else []
    for form in ([], ["--json"]):
        command = ["check-driver", "--timeout", 1, *form, *driver, "--corpora", corpora, "--jobs"]
        assert told(*command, 1) == told(*command, 3)
        one, three = tmp_path / "one.sarif", tmp_path / "three.sarif"
        command = ["sweep", "--timeout", 1, *form, *driver, corpora, "--sarif"]
        assert told(*command, one) == told(*command, three, "--jobs", 3)
        assert json.loads(one.read_text()) == json.loads(three.read_text())


def test_processes_end_with_the_rig(tmp_path, corpora):
    driver = compiled(tmp_path, "IN_INITIALIZE=sleep(1000)")
    with subprocess.Popen([CHIMNEYSWEEP, "check-driver", "--jobs", "3", "--driver", driver, "--timeout", "60", "--corpora",
                           corpora], stdout=subprocess.PIPE) as rig:
        while len(set(running(driver))) < 3:
            time.sleep(0.05)
        rig.send_signal(signal.SIGTERM)
        rig.wait()
        while set(running(driver)):
            time.sleep(0.05)


def test_more_processes_than_programs_are_as_many():
    program = next(p for p in PROGRAMS if p.suffix == ".chim")
    assert told("sweep", "--jobs", 64, program) == told("sweep", program)
    assert told("check-driver", "--jobs", 64, "--corpora", program) == told("check-driver", "--corpora", program)
