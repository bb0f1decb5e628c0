"""Two drivers on the same inputs."""
import json
import os
import subprocess
import sys

import captures
import pytest
from rig import BUILD, PROJECT, run

sys.path.insert(0, str(PROJECT / "scripts/campaign"))
import bugs  # noqa: E402

SITUATIONS = PROJECT / "corpora/situations"
FEW = sorted(SITUATIONS.glob("[rs]*.chim"))[::4]
PROGRAM = SITUATIONS / "send-backlog-follows-the-windows.chim"
CAPTURE = PROJECT / "pcaps/crafted-holes-three.pcap"
KINDS = {"frame", "completion", "indication", "event", "status", "operation", "state", "verdict"}
SECOND = BUILD / "lib/second.so"


def compare(command, *arguments):
    got = run(command, "--json", *arguments)
    lines = [json.loads(line) for line in got.stdout.splitlines() if line.startswith("{")]
    return got, [{**line, **line.get("against", {})} for line in lines]


@pytest.fixture(scope="module")
def changed():
    """A driver whose one defect is in what it sends."""
    return bugs.build(bugs.read(PROJECT / "harness/bugs/no-fast-retransmission.patch"), BUILD.name,
                      bugs.drivers.compile_commands(BUILD.name))


def test_a_driver_does_not_differ_from_itself(tmp_path):
    for command, inputs in (("run", [PROGRAM]), ("sweep", FEW), ("replay", [CAPTURE])):
        got, lines = compare(command, "--against", "core", *inputs)
        assert got.returncode == 0 and len(lines) == 1
        assert lines[0]["totals"]["inputs"] > 0 and lines[0]["totals"]["differ"] == 0


def test_what_a_peer_sees_differ_is_told_once_of_each_kind(changed):
    program = PROJECT / "corpora/bugs/no-fast-retransmission.chim"
    got, (line, last) = compare("run", "--against", changed, program)
    assert got.returncode == 1 and line["differs"] and line["input"] == str(program)
    kinds = [(d["kind"], d["field"], d["connection"]) for d in line["differences"] if d["kind"] != "verdict"]
    assert any(kind == "frame" for kind, _, _ in kinds) and len(kinds) == len(set(kinds))
    assert line["verdict"] == "pass" != line["other_verdict"]
    assert set(last["totals"]["kinds"]) == KINDS and last["totals"]["kinds"]["frame"] == 1
    other, _ = compare("run", "--driver", changed, "--against", "core", program)
    assert other.returncode == 1
    text = run("run", "--against", changed, program).stdout
    assert text.startswith(f"differs  {program}\n  verdict") and "1 differ, 0 waived" in text


def test_it_is_the_same_every_time():
    first = run("sweep", "--json", "--against", SECOND, *FEW)
    again = run("sweep", "--json", "--against", SECOND, *FEW)
    assert first.stdout == again.stdout and first.returncode == again.returncode == 1


def test_captures_are_compared_by_conversation_and_end(tmp_path):
    path = tmp_path / "two.pcap"
    path.write_bytes(captures.pcap(captures.conversation(4000) + captures.conversation(4001)))
    _, lines = compare("replay", "--against", SECOND, path)
    names = [line["input"] for line in lines[:-1]]
    assert lines[-1]["totals"]["inputs"] == 4
    assert names and set(names) <= {f"{path} stream {n}, the {e} as the target" for n in (0, 1) for e in ("client", "server")}
    _, lines = compare("replay", "--against", SECOND, "--stream", 1, "--local", "client", path)
    assert lines[-1]["totals"]["inputs"] == 1


def waive(tmp_path, text, *arguments):
    path = tmp_path / "waivers.txt"
    path.write_text(text)
    return compare("replay", "--against", SECOND, "--waivers", path, *arguments, CAPTURE)


def test_waivers_hold_until_their_day(tmp_path):
    got, lines = waive(tmp_path, "# meant\n\n* , another congestion control, measured, 2999-12-31\n")
    assert got.returncode == 0 and lines[-1]["totals"]["differ"] == 0 and lines[-1]["totals"]["waived"] > 0
    assert {d["waived"] for line in lines[:-1] for d in line["differences"]} == {"another congestion control, measured"}
    got, lines = waive(tmp_path, "*, was meant, 2020-02-29\n")
    assert got.returncode == 1 and lines[-1]["totals"]["expired"] == ["*"]
    assert {d["expired"] for line in lines[:-1] for d in line["differences"]} == {"2020-02-29"}
    text = run("replay", "--against", SECOND, "--waivers", tmp_path / "waivers.txt", CAPTURE).stdout
    assert "its waiver ended on 2020-02-29" in text and "expired  *: ended on 2020-02-29" in text


def test_what_is_waived_hides_nothing_behind_it(tmp_path):
    _, plain = waive(tmp_path, "")
    fields = {(d["kind"], d["field"]) for line in plain[:-1] for d in line["differences"]}
    kind, field = sorted(fields)[0]
    got, lines = waive(tmp_path, f"{kind} {field} *, meant, 2999-12-31\n")
    left = {(d["kind"], d["field"]) for line in lines[:-1] for d in line["differences"] if not d["waived"]}
    assert (kind, field) not in left and fields - {(kind, field)} <= left and got.returncode == 1


@pytest.mark.parametrize("text, words", [
    ("just a pattern\n", ":1: expected PATTERN"), ("\n*, why, soon\n", ":2: expected the last day"),
    ("*, why, 2026-02-30\n", "expected the last day"), (", why, 2026-01-01\n", "expected a pattern"),
    ("*, , 2026-01-01\n", "expected a reason"), ("a\0b, c, 2026-01-01\n", "expected text"), ("x" * (2 << 20), "too large")],
    ids=["no-fields", "no-date", "no-such-date", "no-pattern", "no-reason", "no-text", "huge"])
def test_bad_waivers_are_named(text, words, tmp_path):
    got, _ = waive(tmp_path, text)
    assert got.returncode == 2 and words in got.stderr and len(got.stderr.splitlines()) == 1
    assert "waivers.txt" in got.stderr and not got.stdout


def test_waivers_are_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "none"):
        got = run("run", "--against", "core", "--waivers", path, PROGRAM)
        assert got.returncode == 2 and str(path) in got.stderr and len(got.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments, words", [
    (["run", "--waivers", "x", PROGRAM], "--waivers: only with --against"),
    (["run", "--against", "core", "--trace", PROGRAM], "--trace: not with --against"),
    (["sweep", "--against", "core", "--families", "all", PROGRAM], "--families: not with"),
    (["replay", "--against", "core", "--save", "x", CAPTURE], "--save: not with"),
    (["replay", "--against", "core", "-"], "standard input"), (["run", "--against", "none.so", PROGRAM], "none.so"),
    (["run", "--against", PROJECT, PROGRAM], "not a file")])
def test_what_makes_no_sense_is_said(arguments, words):
    got = run(*arguments, stdin=subprocess.DEVNULL)
    assert got.returncode == 2 and words in got.stderr and len(got.stderr.splitlines()) == 1
