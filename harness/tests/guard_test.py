"""Page protection stops an uninstrumented driver at the instruction that touches what is not its own."""
import json
import subprocess
import sys

import pytest
from rig import CHIMNEYSWEEP as INSTRUMENTED
from rig import PROJECT

sys.path.insert(0, str(PROJECT / "scripts/campaign"))
import bugs  # noqa: E402

CHIMNEYSWEEP = PROJECT / "build/release/bin/chimneysweep"
BUGS = PROJECT / "harness/bugs"
pytestmark = pytest.mark.skipif(not CHIMNEYSWEEP.exists(), reason="no release build")


def head_of(patch):
    return dict(line.split(": ", 1) for line in patch.read_text().split("\n\n", 1)[0].splitlines())


TOUCHES = sorted(p for p in BUGS.glob("touch-*.patch") if "Owner" in head_of(p))


def test_there_is_one_for_each_kind_of_object():
    assert len(TOUCHES) >= 10
    assert {head_of(p)["Owner"].split("|")[0] for p in TOUCHES} >= {
        "NET_BUFFER_LIST", "NET_BUFFER", "MDL", "data", "block list tree", "frame", "memory", "OID request"}


@pytest.mark.parametrize("patch", TOUCHES, ids=lambda p: p.stem)
def test_a_foreign_touch_is_stopped(patch):
    driver = bugs.build(bugs.read(patch), "release", bugs.drivers.compile_commands("release"))
    got = subprocess.run([CHIMNEYSWEEP, "run", "--guard", "pages", "--driver", driver, bugs.read(patch).program],
                         text=True, stdout=subprocess.PIPE)
    kind, owner = head_of(patch)["Owner"].strip().split("|")
    assert got.returncode == 1
    memory = [line for line in got.stdout.splitlines() if line.startswith("  memory")][0]
    assert f" of {kind} #" in memory and f"owned by {owner}" in memory and "since event" in memory
    assert "stack, in the driver:" in got.stdout and ".c:" in got.stdout


def test_the_unmodified_driver_is_never_stopped():
    got = subprocess.run([CHIMNEYSWEEP, "sweep", "--json", "--guard", "pages", PROJECT / "corpora"], text=True,
                         stdout=subprocess.PIPE)
    assert got.returncode == 0
    assert json.loads(got.stdout.splitlines()[-1])["failed"] == 0


def test_an_instrumented_rig_refuses():
    got = subprocess.run([INSTRUMENTED, "run", "--guard", "pages", bugs.read(TOUCHES[0]).program], text=True,
                         stderr=subprocess.PIPE)
    assert got.returncode == 2 and "build/release" in got.stderr


def test_an_unknown_mode_is_a_usage_error():
    got = subprocess.run([CHIMNEYSWEEP, "run", "--guard", "walls", bugs.read(TOUCHES[0]).program], text=True,
                         stderr=subprocess.PIPE)
    assert got.returncode == 2 and "poison, pages or off" in got.stderr
