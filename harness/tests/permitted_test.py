"""Permitted variants: each patch applies and says what permits it; the tool that runs them can blame, and draws alike."""
import argparse
import re
import subprocess
import sys

import pytest
from rig import PROJECT, run

sys.path.insert(0, str(PROJECT / "scripts/campaign"))
import draw  # noqa: E402
import drivers  # noqa: E402
import permitted  # noqa: E402

PATCHES = sorted(permitted.PERMITTED.glob("*.patch"))
SENTENCE = re.compile(r'^(?P<source>[^"]+) "[^"]{20,}"$')
RULES = {line.split()[0] for line in run("rules").stdout.splitlines() if line.strip()}


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_a_patch_says_what_it_chooses_and_what_permits_it(patch):
    head = drivers.patch_head(patch)
    assert set(head) - {"May"} == {"Choice", "Permits"} and len(head["Choice"]) == 1
    for line in head["Permits"] + head.get("May", []):
        assert SENTENCE.match(line), line
    for line in head.get("May", []):
        assert line.split()[0] in RULES, line


def test_every_patch_applies():
    assert len(PATCHES) >= 60
    for patch in PATCHES:
        got = subprocess.run(["patch", "-p1", "--dry-run", "--fuzz=0", "-s", "-i", patch], cwd=PROJECT, text=True,
                             stdout=subprocess.PIPE)
        assert got.returncode == 0, f"{patch.name}: {got.stdout}"


@pytest.mark.skipif(not permitted.CHIMNEYSWEEP.is_file(), reason="variants are built by the asan preset")
def test_a_driver_that_is_not_right_is_blamed():
    bug = permitted.Variant("order-batch-reversed", "", [], [], PROJECT / "harness/bugs/order-batch-reversed.patch")
    options = argparse.Namespace(programs=True, captures=False, stream=False)
    permitted.judge(bug, drivers.compile_commands("asan"), options)
    assert not bug.good() and "RCV-FIFO-1" in {rule for _, _, rule in bug.blamed}


def test_a_commit_draws_the_same_every_time():
    name = "0123456789abcdef0123456789abcdef01234567"
    seeds = [draw.seed_of(name, turn) for turn in range(6)]
    assert seeds[:2] == [0x01234567, 0x89abcdef % 0x7FFFFFFF] and seeds[5] == seeds[0] + 1
    assert draw.seed_of(name + "-dirty") == seeds[0]
    drawn = draw.sample(PATCHES, 3, seeds[0])
    assert drawn == draw.sample(PATCHES, 3, seeds[0]) == sorted(drawn) and len(set(drawn)) == 3
    assert draw.sample(PATCHES, 1000, seeds[0]) == PATCHES
