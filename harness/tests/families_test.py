"""Families: a program that was changed in a way that changes no duty keeps its verdict, of right drivers and of wrong ones."""
import json
import subprocess
import sys

import pytest
from rig import BUILD, PROGRAMS, PROJECT, run

sys.path.insert(0, str(PROJECT / "scripts/campaign"))
import draw  # noqa: E402
import families  # noqa: E402

PUSH = PROJECT / "corpora/situations/push-timer.chim"
BUGS_DRAWN = 10
ours = pytest.mark.skipif(BUILD.name != "asan", reason="planted bugs are built from the asan preset")


def names():
    return [line.split()[0] for line in run("family").stdout.splitlines() if not line.startswith("   ")]


def rows(*arguments):
    got = run("sweep", "--families", *arguments, "--json", "--quiet")
    lines = [json.loads(line) for line in got.stdout.splitlines()]
    return got, [line for line in lines if "verdict" in line], [line for line in lines if "programs" in line]


def test_a_changed_program_is_a_program_and_runs_alone_as_in_a_sweep(tmp_path):
    got, each, _ = rows("all", PUSH, "--out", tmp_path)
    assert got.returncode == 0
    passed = [line["family"] for line in each if line["verdict"] == "pass"]
    assert len(passed) == len(names()) - 1 > 20
    for name in passed:
        kept = (tmp_path / f"{name}-push-timer.chim").read_text()
        assert kept == run("family", name, PUSH).stdout != PUSH.read_text()
        assert json.loads(run("run", "--json", tmp_path / f"{name}-push-timer.chim").stdout)["verdict"] == "pass"


def test_what_cannot_be_changed_is_skipped_with_its_reason(tmp_path):
    tagged = tmp_path / "tagged.chim"
    tagged.write_text("chimneysweep program 1\nvlan 7\nc0 seg length=100\n")
    got, each, totals = rows("vlan,longer-mdls,ipv6", tagged)
    assert got.returncode == 0
    assert [(line["verdict"], bool(line["why"])) for line in each] == [("skipped", True)] * 2 + [("pass", False)]
    assert [(t["passed"], t["skipped"], bool(t["missing"])) for t in totals] == [(0, 1, False), (0, 1, True), (1, 0, False)]
    alone = run("family", "vlan", tagged)
    assert alone.returncode == 4 and "it has a tag" in alone.stderr and not alone.stdout
    assert run("sweep", "--families", "no-such", tagged).returncode == 2


@pytest.mark.parametrize("driver", ["offload_core", "second"])
def test_right_drivers_pass_every_program_of_every_family(driver):
    path = BUILD / f"lib/{driver}.so"
    if not path.exists():
        pytest.skip("a preset without drivers of its own")
    got, each, totals = rows("all", PROJECT / "corpora", "--driver", path)
    blamed = [(line["family"], line["file"], line["rule"]) for line in each if line["verdict"] not in ("pass", "skipped")]
    assert got.returncode == 0 and not blamed
    assert len(totals) == len(names())
    for total in totals:
        assert total["programs"] == len(PROGRAMS) == total["passed"] + total["skipped"]
        assert total["missing"] or total["passed"] > len(PROGRAMS) / 2, total


def test_the_stimuli_in_front_do_what_they_say(tmp_path):
    def trace(name):
        changed = tmp_path / "changed.chim"
        assert run("family", "-o", changed, name, PUSH).returncode == 0
        return run("run", "--trace", changed).stdout

    assert "NicTransmitDone 64" in trace("seventy-frames")
    assert "allocations fail: off" in trace("alloc-over")
    assert "MiniportResetEx" in trace("reset-over") and "MiniportResetEx" in trace("hardware-over")
    assert trace("twenty-five-times").count("> MiniportInitiateOffload") == 25
    times = [float(line.split()[1]) for line in trace("uptime-below-2^32").splitlines() if " ms " in line]
    assert min(times) < 2**32 < max(times)


@ours
def test_planted_bugs_that_the_commit_draws_are_caught_in_every_family():
    seed = draw.seed_of(draw.commit())
    script = PROJECT / "scripts/campaign/bugs.py"
    got = subprocess.run([sys.executable, script, "--families", "--json", "--sample", str(BUGS_DRAWN), "--seed", str(seed)],
                         text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600)
    outcomes = json.loads(got.stdout)
    assert len({line["bug"] for line in outcomes}) == BUGS_DRAWN
    assert sum(line["good"] for line in outcomes) > 10 * BUGS_DRAWN
    hidden = [line for line in outcomes if not line["good"] and not line["why"]]
    assert got.returncode == 0 and not hidden, f"seed {seed}: {hidden}"


def test_what_is_reviewed_exists():
    known = {bug.stem for bug in families.BUGS.glob("*.patch")}
    for (family, bug), why in families.reviewed().items():
        assert family in names() and bug in known and why
