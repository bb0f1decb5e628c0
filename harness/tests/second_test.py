"""The second driver: whatever it does within the documents, the oracle lets pass; what is planted in it, it finds."""
import json
import shutil
import subprocess

import pytest
from rig import BUILD, PROGRAMS, PROJECT, run

SECOND = BUILD / "lib/second.so"
SOURCE = PROJECT / "harness/drivers/second"
BUGS = sorted((SOURCE / "bugs").glob("*.patch"))
FLAGS = ["-std=gnu11", "-O1", "-g", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden",
         "-fno-builtin-bcmp", "-Wl,-z,lazy"]
SANITIZED = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
ours = pytest.mark.skipif(BUILD.name not in ("asan", "release"), reason="a preset without drivers of its own")


def compiled(source, driver, changes=()):
    """A driver of its own from the second driver's sources, with other choices or none."""
    choices = source / "choices.h"
    text = choices.read_text()
    for name, value in changes:
        lines = text.splitlines()
        found = [i for i, line in enumerate(lines) if line.startswith(f"#define {name} ")]
        assert len(found) == 1, name
        lines[found[0]] = f"#define {name} {value}"
        text = "\n".join(lines) + "\n"
    choices.write_text(text)
    sanitized = SANITIZED if BUILD.name == "asan" else []
    subprocess.run(["clang-14", *FLAGS, *sanitized, f"-I{PROJECT}/core/include", "-o", driver,
                    *sorted(source.glob("*.c"))], check=True)
    return driver


def copied(tmp_path):
    target = tmp_path / "harness/drivers/second"
    shutil.copytree(SOURCE, target)
    return target


def checked(driver):
    got = run("check-driver", "--json", driver)
    report = json.loads(got.stdout)
    broken = [rule["id"] for rule in report["rules"] if rule["result"] == "broken"]
    assert got.returncode == 0 and not broken and report["failed"] == 0, (broken, report["unnamed"])
    return report


def test_every_program_passes():
    assert checked(SECOND)["programs"] == len(PROGRAMS)


def test_runs_are_the_same_in_any_order():
    got = run("sweep", "--quiet", "--driver", SECOND, PROJECT / "corpora")
    assert got.returncode == 0, got.stdout[-2000:]


def test_captures_pass():
    got = run("replay", "--json", "--driver", SECOND, PROJECT / "pcaps")
    lines = [json.loads(line) for line in got.stdout.splitlines() if line.startswith("{")]
    assert lines and not [line for line in lines if line.get("verdict") not in (None, "pass", "inconclusive")]


def test_a_stream_over_a_bad_line():
    got = run("stream", "--driver", SECOND, "--bytes", "2M", "--loss", "2", "--reorder", "2", "--duplicate", "1",
              "--corrupt", "0.1", "--seeds", "2", "--twice")
    assert got.returncode == 0, got.stdout[-2000:] + got.stderr


OTHER_CHOICES = [
    ("SECOND_SENDS_BACK_IN_CHAIN", 0), ("SECOND_HANDLE_OF_ADAPTER", 1), ("SECOND_FIN_COMPLETES_EMPTY", 0),
    ("SECOND_RTO_FLOOR_MS", "300u"), ("SECOND_UPCALLS_FROM_WORK_ITEM", 1), ("SECOND_ACK_EVERYTHING", 1),
    ("SECOND_REQUEST_EMPTIES", 1), ("SECOND_RESET_KEEPS_RECEIVES", 1), ("SECOND_ZERO_WAITS", 1),
    ("SECOND_SEND_MODERATION_MS", "60u"), ("SECOND_STAMPS_OF_1323", 1), ("SECOND_PUSHES", 0),
    ("SECOND_SHORTAGE_UPLOADS", 1), ("SECOND_GRID_MS", "1u"),
    ("SECOND_REGISTRATION_BYTES", "32u"), ("SECOND_FRAMES_BEFORE_UPCALLS", 1), ("SECOND_FOUR_CASES", 0),
    ("SECOND_FAILED_CARD_REFUSES", 0), ("SECOND_ABORT_OVERTAKES", 1), ("SECOND_FIN_WAIT_AT_CALL", 1),
    ("SECOND_NEIGHBOR_NAMED_BY", 1)]


@ours
def test_every_program_passes_with_other_choices(tmp_path):
    checked(compiled(copied(tmp_path), tmp_path / "other.so", OTHER_CHOICES))


@ours
def test_what_is_not_advertised_is_not_asked_for(tmp_path):
    source = copied(tmp_path)
    four = compiled(source, tmp_path / "four.so", [("SECOND_ADVERTISE_IPV6", 0)])
    skipped = checked(four)["skipped"]
    assert 0 < skipped < len(PROGRAMS)
    got = run("sweep", "--quiet", "--json", "--driver", four, PROJECT / "corpora/situations")
    lines = [json.loads(line) for line in got.stdout.splitlines()]
    passed_over = [line["file"] for line in lines[:-1] if line.get("skipped")]
    assert got.returncode == 0 and len(passed_over) == lines[-1]["skipped"] > 0
    one = json.loads(run("run", "--json", "--driver", four, passed_over[0]).stdout)
    assert (one["verdict"], one["skipped"]) == ("pass", "SupportIPv6")


@ours
@pytest.mark.parametrize("on_text", [0, 1])
def test_any_frame_of_a_step_may_tell_what_is_held(tmp_path, on_text):
    driver = compiled(copied(tmp_path), tmp_path / "sack.so",
                      [("SECOND_ADVERTISE_SACK", 1), ("SECOND_SACK_ON_TEXT", on_text)])
    for program in ("found/7d0a37e7268b.bin", "regress/block-on-a-retransmission-of-the-same-step.chim"):
        got = json.loads(run("run", "--json", "--driver", driver, PROJECT / "corpora" / program).stdout)
        assert got["verdict"] == "pass", got


@ours
def test_a_size_of_no_revision_is_named(tmp_path):
    short = compiled(copied(tmp_path), tmp_path / "short.so", [("SECOND_REGISTRATION_BYTES", "24u")])
    got = json.loads(run("run", "--json", "--driver", short, PROGRAMS[0]).stdout)
    assert (got["rule"], got["actual"]) == ("REG-HND-1", "one of 24") and "28 bytes" in got["expected"]


@ours
@pytest.mark.parametrize("patch", BUGS, ids=lambda patch: patch.stem)
def test_a_planted_bug_is_found(tmp_path, patch):
    head = dict(line.split(": ", 1) for line in patch.read_text().split("\n\n", 1)[0].splitlines())
    source = copied(tmp_path)
    subprocess.run(["patch", "-p1", "-s", "-i", patch], cwd=tmp_path, check=True)
    driver = compiled(source, tmp_path / "bug.so")
    got = json.loads(run("run", "--json", "--driver", driver, PROJECT / head["Program"]).stdout)
    assert (got["verdict"], got["rule"]) == ("violation", head["Rule"])
