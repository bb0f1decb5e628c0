"""The shipped corpora: everything passes, always with the same trace, and reaches what it is for."""
import json
import sys

import pytest
from rig import CHIMNEYSWEEP, PROGRAMS, PROJECT, RELEASE, run, sweep_totals

sys.path.insert(0, str(PROJECT / "scripts/campaign"))
import coverage  # noqa: E402

REACHED = ["established", "posted", "indicated", "refused", "uploaded", "disconnected"]


def test_every_program_passes_twice_and_again_after_all_others():
    got, lines = sweep_totals(CHIMNEYSWEEP, PROJECT / "corpora")
    assert got.returncode == 0, got.stdout + got.stderr
    assert lines[-1]["programs"] == len(PROGRAMS) > 60
    assert lines[-1]["failed"] == 0


def test_release_and_sanitizer_builds_give_the_same_traces():
    if not RELEASE.exists():
        pytest.skip("no release build")
    sums = [sweep_totals(program, PROJECT / "corpora")[1][-1]["trace_sum"]
            for program in (CHIMNEYSWEEP, RELEASE)]
    assert sums[0] == sums[1]


def test_every_checked_rule_is_evaluated_and_a_missing_one_is_named():
    rules = coverage.measure_rules(CHIMNEYSWEEP, [PROJECT / "corpora"])
    print(f"rules      {rules.text()}")
    assert not rules.never and len(rules.evaluated) > 200
    one = coverage.measure_rules(CHIMNEYSWEEP, [PROGRAMS[0]])
    listed = json.loads(run("run", "--json", PROGRAMS[0]).stdout)["rules"]
    assert set(one.evaluated) == set(listed) & set(rules.evaluated)
    assert len(one.evaluated) + len(one.never) == len(rules.evaluated)
    assert f"evaluated {len(one.evaluated)}, never evaluated {len(one.never)} ({one.never[0]}, " in one.text()


def test_no_situation_is_reached_by_fewer_than_four_per_cent():
    written = [p for p in (PROJECT / "corpora").iterdir() if p.is_dir() and p.name != "pairs"] # those are about state
    _, lines = sweep_totals(CHIMNEYSWEEP, *written)
    weak = {name: lines[-1][name] for name in REACHED if lines[-1][name] < 0.04}
    assert not weak


def test_there_are_at_least_sixty_situations_with_names_of_their_own():
    names = [p.stem for p in (PROJECT / "corpora/situations").glob("*.chim")]
    assert len(names) >= 60
    assert all("-" in name and not any(c.isdigit() for c in name.split("-")[0]) for name in names)


def test_a_run_alone_has_the_trace_of_the_sweep(tmp_path):
    a, b = PROGRAMS[0], PROGRAMS[1]
    hashes = [json.loads(run("run", "--json", p).stdout)["trace_hash"] for p in (a, b, a)]
    assert hashes[0] == hashes[2] != hashes[1]
    binary = tmp_path / "a.bin"
    assert run("asm", "-o", binary, a).returncode == 0
    assert json.loads(run("run", "--json", binary).stdout)["trace_hash"] == hashes[0]
    shown = run("show", binary).stdout
    again = tmp_path / "again.chim"
    again.write_text(shown)
    assert json.loads(run("run", "--json", again).stdout)["trace_hash"] == hashes[0]
