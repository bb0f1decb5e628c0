"""The target against the kernel of this machine: a short form of scripts/live, and what `live` says to bad input."""
import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from rig import CHIMNEYSWEEP, PROJECT, run

SCRIPT = PROJECT / "scripts/live"
ENVIRONMENT = 3


def live(*options):
    got = subprocess.run([SCRIPT, "--json", "--program", CHIMNEYSWEEP, *map(str, options)], text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    if got.returncode == ENVIRONMENT:
        pytest.skip(got.stderr.strip())
    return got, json.loads(got.stdout)


def left_over():
    if not shutil.which("ip"):
        pytest.skip("no ip command here (scripts/setup --for pcaps)")
    return [name for name in subprocess.run(["ip", "netns", "list"], text=True, stdout=subprocess.PIPE).stdout.split()
            if name.startswith("chimneysweep-live-")]


def test_files_are_intact_both_ways_while_the_connection_is_uploaded_again_and_again():
    got, rows = live("--size", "10M", "--reoffload", 30)
    assert got.returncode == 0, got.stdout + got.stderr
    assert len(rows) == 8 and all(row["intact"] for row in rows)
    ours = [row for row in rows if row["who"] == "target"]
    assert len(ours) == 4 and {(row["way"], row["loss"]) for row in ours} == {
        (way, loss) for way in ("download", "upload") for loss in (0, 1)}
    for row in ours:
        assert row["verdict"] == "pass" and row["uploads"] >= 50, row
        assert row["mib_per_s"] > 0
    assert all(row["dropped"] for row in rows if row["loss"])
    assert not left_over()


def test_an_interrupted_run_leaves_nothing_behind():
    child = subprocess.Popen([SCRIPT, "--size", "64M", "--program", CHIMNEYSWEEP], text=True, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
    for _ in range(100):
        if child.poll() is not None or len(left_over()) == 3:
            break
        time.sleep(0.05)
    child.send_signal(signal.SIGTERM)
    _, errors = child.communicate(timeout=30)
    if "interrupted" not in errors:
        pytest.skip(errors.strip())
    assert child.returncode == ENVIRONMENT
    assert not left_over()


@pytest.mark.parametrize("words", [("get",), ("get", "10.0.0.1"), ("get", "10.0.0.1", "file"), ("serve",), ("relay", "x"),
                                   ("fetch",), ("get", "--local", "10.0.0.1", "nowhere", "/x"),
                                   ("get", "--local", "x", "10.0.0.1", "/x"), ("get", "10.0.0.1:0", "/x"),
                                   ("serve", "--local", "10.0.0.1", "/does/not/exist"),
                                   ("serve", "--local", "10.0.0.1", "--gap", "x", "/etc/passwd")])
def test_bad_words_are_a_usage_error(words):
    got = run("live", *words)
    assert got.returncode == 2 and got.stderr.startswith(("live: ", "chimneysweep: "))
    assert len(got.stderr.splitlines()) == 1


def test_a_device_that_cannot_be_is_the_environment(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"x")
    got = run("live", "serve", "--local", "10.0.0.1", "--tap", "a-name-far-too-long", file)
    assert got.returncode == ENVIRONMENT and "a-name-far-too-long" in got.stderr


def test_a_transfer_that_never_begins_is_inconclusive():
    got = run("live", "get", "--json", "--tap", "chimtest1", "--local", "10.77.0.1", "--idle", "300ms", "10.77.0.2", "/x")
    if got.returncode == ENVIRONMENT:
        pytest.skip(got.stderr.strip())
    told = json.loads(got.stdout)
    assert got.returncode == 4 and told["verdict"] == "inconclusive" and "nobody answers" in told["actual"]


@pytest.mark.skipif(os.geteuid() != 0, reason="as an ordinary user the kernel may say something else")
def test_without_rights_it_says_so(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"x")
    os.chmod(tmp_path, 0o755)
    got = subprocess.run(["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", str(CHIMNEYSWEEP), "live",
                          "serve", "--local", "10.0.0.1", "--tap", "chimtest0", str(file)], text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert got.returncode == ENVIRONMENT and ("root" in got.stderr or "TUN/TAP" in got.stderr), got.stderr
