"""Every change of a program runs, a right driver passes it, and a wrong one is caught by it alone."""
import json
import subprocess
import sys

import pytest
from rig import BUILD, PROGRAMS, PROJECT, drawn, run

sys.path.insert(0, str(PROJECT / "scripts/campaign"))
import drivers  # noqa: E402

PUSH = PROJECT / "corpora/situations/push-timer.chim"
EVERYTHING = ["--each-alloc", "--each-fault", "--each-pair", "--limit", "20", "--each-prefix", "all", "--each-nest"]
ours = pytest.mark.skipif(BUILD.name != "asan", reason="planted bugs are built from the asan preset")


def sweep(*arguments):
    got = run("sweep", "--json", "--quiet", *arguments)
    lines = [json.loads(line) for line in got.stdout.splitlines()]
    return got, [line for line in lines if "file" in line], {line["change"]: line for line in lines if "wanted" in line}, lines


def short(count):
    """Programs that the commit draws; those of many operations have too many prefixes for a test."""
    few = [p for p in PROGRAMS if p.suffix == ".chim" and len(p.read_text().splitlines()) < 25]
    return drawn("each").sample(few, count)


@pytest.mark.parametrize("driver", ["offload_core", "second"])
def test_right_drivers_pass_every_change_of_what_the_commit_draws(driver):
    path = BUILD / f"lib/{driver}.so"
    if not path.exists():
        pytest.skip("a preset without drivers of its own")
    got, found, changes, lines = sweep(*EVERYTHING, "--driver", path, *short(6))
    assert got.returncode == 0 and not found, found[:3]
    assert len(changes) == 16 and sum(c["runs"] for c in changes.values()) == lines[-1]["runs"] > 200


def test_a_dry_run_says_what_a_run_then_does():
    _, _, dry, lines = sweep(*EVERYTHING, "--dry-run", PUSH)
    _, _, wet, _ = sweep(*EVERYTHING, PUSH)
    assert lines[-1]["dry_run"] and not lines[-1]["runs"]
    for word, change in wet.items():
        assert dry[word]["wanted"] == change["wanted"] == change["runs"] + change["unfit"] and not dry[word]["runs"]
    operations = len([line for line in PUSH.read_text().splitlines() if line.startswith(("c0", "tick"))])
    assert wet["halt"]["runs"] == operations + 1 and wet["pair"]["runs"] == 20


def test_the_first_call_of_each_place_fails(tmp_path):
    trace = run("run", "--trace", "--with", "alloc:2", PUSH).stdout
    assert "MiniportSetOptions RESOURCES" in trace and trace.count("> DriverEntry") == 2
    trace = run("run", "--trace", "--with", "alloc:4", PUSH).stdout
    assert "MiniportInitializeEx RESOURCES" in trace and trace.count("> MiniportInitializeEx") == 2
    for change, shows in (("reset@1", "> MiniportResetEx"), ("power@0", "OID_PNP_SET_POWER"), ("remove@1", "MiniportDevicePnPEventNotify"),
                          ("tx-stall@0", "transmit callbacks")):
        assert shows in run("run", "--trace", "--with", change, PUSH).stdout, change
    (tmp_path / "p.chim").write_text("chimneysweep program 1\nc0 seg length=100 push\n")
    assert "allocate NET_BUFFER_LIST 464" in run("run", "--trace", "--with", "starve@0", tmp_path / "p.chim").stdout
    assert run("run", "--with", "alloc:0", PUSH).returncode == 2
    assert run("run", "--with", "nest@1/no-such/post/c0", PUSH).returncode == 2


def test_a_changed_program_is_a_program_of_both_forms(tmp_path):
    """What the header and the operations say of calls that fail survives text, bytes and shrinking."""
    program = tmp_path / "p.chim"
    program.write_text("chimneysweep program 1\nfail 7\nfail-what memory\nfail-more 2\nfail-then 9\nstart-again\n"
                       "fault kind=call what=mdl skip=3 count=2 of=77\nfault kind=site what=any of=4096\nc0 seg length=100\n")
    assert run("asm", "-o", tmp_path / "p.bin", program).returncode == 0
    shown = run("show", tmp_path / "p.bin").stdout
    for word in ("fail 7", "fail-what memory", "fail-then 9", "start-again", "what=mdl skip=3 count=2 of=77", "kind=site what=any"):
        assert word in shown
    assert run("run", program).returncode == 0


def test_what_was_done_is_not_done_again(tmp_path):
    done = tmp_path / "done"
    _, _, first, _ = sweep("--each-alloc", "--resume", done, PUSH)
    got, _, again, lines = sweep("--each-alloc", "--resume", done, PUSH)
    assert got.returncode == 0 and first["alloc"]["runs"] == again["alloc"]["done_before"] and not lines[-1]["runs"]


def test_what_is_skipped_has_its_reason_in_a_file_and_is_counted(tmp_path):
    skip = tmp_path / "skip"
    skip.write_text("# known\n*/push-timer.chim alloc:1* this is known\n")
    _, _, all_of_them, _ = sweep("--each-alloc", PUSH)
    _, _, changes, _ = sweep("--each-alloc", "--skip", skip, PUSH)
    skipped = [n for n in range(1, all_of_them["alloc"]["runs"] + 1) if str(n).startswith("1")]
    assert changes["alloc"]["skipped"] == len(skipped) > 2
    assert changes["alloc"]["runs"] + len(skipped) == all_of_them["alloc"]["runs"]


def test_calls_have_places_and_a_page(tmp_path):
    page = tmp_path / "calls.html"
    _, _, _, lines = sweep("--each-alloc", "--html", page, PUSH)
    calls = [line for line in lines if "returns_to" in line]
    assert len(calls) > 20 and any(not call["reached"] for call in calls)
    assert sum(call["failed"] for call in calls) == lines[-1]["runs"]
    if BUILD.name == "asan":  # built with lines
        assert all("initialize.c:" in c["place"] for c in calls if c["call"] in ("wire", "timer"))
    assert page.read_text().startswith("<!DOCTYPE html>") and page.read_text().count("<tr") == len(calls) + 1


# The corpora without the bugs' own programs do not show them; a change of this program does.
CAUGHT = {
    "reports-without-a-scoreboard-read": ("--each-alloc", "situations/a-report-covers-ranges-held-before.chim", "NullCheck"),
    "segment-without-a-descriptor-waits-without-a-timer": ("--each-alloc", "situations/adapter-resets.chim", "SEND-ACC-1"),
    "path-of-a-connection-without-memory-stays-held": ("--each-fault", "situations/a-root-that-is-offloaded-stops-nothing.chim", "LIFE-LEAK-1"),
    "copy-without-an-mdl-leaks": ("--each-alloc", "situations/a-failed-initiate-leaves-the-send-chain-alone.chim", "LIFE-LEAK-1"),
}


@ours
def test_bugs_of_error_paths_are_caught_by_the_changes_alone(tmp_path):
    """The programs pass as they are: only what fails in them shows the bug, and the command given shows it again."""
    commands = drivers.compile_commands("asan")
    for name in drawn("each bugs").sample(sorted(CAUGHT), 2):
        mode, program, rule = CAUGHT[name]
        driver = drivers.patched(PROJECT / f"harness/bugs/{name}.patch", tmp_path / name, "asan", commands)
        assert run("run", "--driver", driver, PROJECT / "corpora" / program).returncode == 0
        got, found, _, _ = sweep(mode, "--driver", driver, PROJECT / "corpora" / program)
        assert got.returncode == 1 and rule in {f["rule"] for f in found}, (name, found)
        again = subprocess.run(found[0]["reproduce"], shell=True, text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env={"PATH": f"{BUILD}/bin:/usr/bin:/bin"})
        assert found[0]["rule"] in again.stdout


def test_a_driver_is_checked_by_levels(tmp_path):
    (tmp_path / "one.chim").write_text(PUSH.read_text())
    seen = {}
    for level in ("quick", "normal", "full"):
        got = run("check-driver", "--json", "--level", level, "--corpora", tmp_path)
        assert got.returncode == 0
        seen[level] = json.loads(got.stdout)["changed_runs"]
        assert level == "quick" or f"level {level}: {seen[level]} runs" in got.stderr
    assert 0 == seen["quick"] < 10 < seen["normal"] < seen["full"]
