"""How the host behaves in a replay."""
import json
import re
import subprocess
import sys

import pytest
from rig import BUILD, PROJECT, run

sys.path.insert(0, str(PROJECT / "scripts/campaign"))
import bugs  # noqa: E402

PCAPS = PROJECT / "pcaps"
CAPTURE = PCAPS / "linux-http-download.pcap"
POLICIES = ["usual", "posts", "indications", "small", "large", "no-push", "refuse", "partial", "late-return"]


def events(tmp_path, *arguments):
    out = tmp_path / "out.pcapng"
    assert run("replay", "--local", "client", "--pcapng", out, *arguments, CAPTURE).returncode == 0
    return subprocess.run(["tshark", "-r", out, "-T", "fields", "-e", "frame.comment"], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def times(text, pattern):
    return len(re.findall(pattern, text))


def test_each_policy_leaves_its_mark(tmp_path):
    usual = events(tmp_path)
    answers = "< NdisTcpOffloadReceiveHandler"
    assert times(events(tmp_path, "--host", "indications"), "< MiniportTcpOffloadReceive PENDING") == 0
    assert times(events(tmp_path, "--host", "posts"), "< MiniportTcpOffloadReceive PENDING") > 2
    assert times(events(tmp_path, "--host", "small"), "posted receive #\\d+ 61 bytes|61 bytes") > 100
    refuse, partial = events(tmp_path, "--host", "refuse"), events(tmp_path, "--host", "partial")
    assert times(refuse, answers + "[^,\x1e]*NOT_ACCEPTED") > 2 and times(partial, answers + "[^,\x1e]*PARTIALLY_ACCEPTED") > 2
    assert not times(usual, "NOT_ACCEPTED|PARTIALLY_ACCEPTED")
    late = times(events(tmp_path, "--host", "late-return"), "> MiniportTcpOffloadReceiveReturn")
    assert 0 < late < times(events(tmp_path, "--host", "indications"), "> MiniportTcpOffloadReceiveReturn")
    uploads = events(tmp_path, "--upload-every", 10)
    assert times(uploads, "> MiniportInitiateOffload") > 3 and times(usual, "> MiniportInitiateOffload") == 1


def test_whatever_the_host_does_the_bytes_are_the_same():
    hashed = ["--sha256"] if "--sha256" in run("replay", "--help").stdout else []
    got = run("replay", "--json", *hashed, "--every-host", "--upload-every", 7, CAPTURE, PCAPS / "crafted-holes-three.pcap")
    lines = [json.loads(line) for line in got.stdout.splitlines()]
    assert got.returncode == 0
    assert [line["totals"]["host"] for line in lines if "totals" in line] == POLICIES
    for stream in ("linux-http-download.pcap", "crafted-holes-three.pcap"):
        of = [line for line in lines if line.get("file", "").endswith(stream)]
        assert [line["host"] for line in of] == POLICIES
        assert len({json.dumps(line["sha256"]) for line in of}) == 1 and len({str(line["bytes"]) for line in of}) == 1


def test_some_bugs_show_with_another_host_alone(tmp_path):
    name = "refused-data-offered-again"
    driver = bugs.build(bugs.read(PROJECT / f"harness/bugs/{name}.patch"), BUILD.name,
                        bugs.drivers.compile_commands(BUILD.name))
    assert run("replay", "--driver", driver, CAPTURE).returncode == 0
    got = run("replay", "--json", "--host", "refuse", "--save", tmp_path / "kept", "--driver", driver, CAPTURE)
    lines = [json.loads(line) for line in got.stdout.splitlines()]
    assert got.returncode == 1 and " --host refuse " in lines[0]["reproduce"]
    saved = [line for line in lines if "saved" in line]
    assert saved and all(line["same"] for line in saved)
    assert "accept answer=none" in (tmp_path / "kept" / saved[0]["saved"].split("/")[-1] / "program.chim").read_text()


@pytest.mark.parametrize("arguments, words", [
    (["--host", "kind"], "'kind': expected one"), (["--host", "small", "--every-host"], "not with --every-host"),
    (["--upload-every", "0"], "--upload-every '0'"), (["--every-host", "--against", "core"], "--every-host: not with")])
def test_what_makes_no_sense_is_said(arguments, words):
    got = run("replay", *arguments, CAPTURE)
    assert got.returncode == 2 and words in got.stderr and len(got.stderr.splitlines()) == 1
