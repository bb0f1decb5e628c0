#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The bytes that the target delivers are the bytes that tshark puts together, both ways.

CHIMNEYSWEEP names the program under test (default: build/asan/bin/chimneysweep).
"""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from pcaps.payload import text  # noqa: E402
PROGRAM = os.environ.get("CHIMNEYSWEEP", str(ROOT / "build/asan/bin/chimneysweep"))
CAPTURES = sorted((ROOT / "pcaps").glob("*.pcap*"))
DIRECTIONS = ("client_to_server", "server_to_client")

# tshark takes what a receiver must drop (wrong checksums, ACKs of what was never sent, old timestamps, bytes
# behind a FIN, after or on an RST); it counts urgent bytes in line; stray SYNs begin streams of their own. What is
# right in these files their recipes know.
OTHER_THAN_TSHARK = {
    "crafted-blind-data.pcap", "crafted-checksum-ip-bad.pcap", "crafted-checksum-tcp-bad.pcap",
    "crafted-checksum-tcp-bad-v6.pcap", "crafted-fin-data-after.pcap", "crafted-paws.pcap", "crafted-rst-exact.pcap",
    "crafted-rst-with-text.pcap", "crafted-syn-in-window.pcap", "crafted-urgent.pcap", "crafted-urgent-pointers.pcap",
}
# What a SYN with RST carries is no data, though tshark shows it.
WITHOUT_A_BYTE = {"crafted-rst-syn-with-text.pcap"}
EITHER_COPY = {"crafted-overlap-different.pcap"}


def replay(*arguments):
    """Runs a replay; returns its exit status, the objects of its conversations and the totals."""
    done = subprocess.run([PROGRAM, "replay", "--json", *map(str, arguments)], capture_output=True, text=True,
                          timeout=300, check=False)
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert objects and "totals" in objects[-1], done.stderr
    return done.returncode, objects[:-1], objects[-1]["totals"]


def followed(path, stream):
    """Bytes of both directions by tshark: {"address:port": bytes}."""
    output = subprocess.run(["tshark", "-n", "-q", "-r", str(path), "-z", f"follow,tcp,raw,{stream}"],
                            capture_output=True, text=True, check=True).stdout
    nodes = dict(re.findall(r"^Node ([01]): (\S+)$", output, re.M))
    data = {"0": bytearray(), "1": bytearray()}
    for line in output.splitlines():
        if re.fullmatch(r"\t?[0-9a-f]+", line):
            data["1" if line.startswith("\t") else "0"] += bytes.fromhex(line.strip())
    return {nodes[node]: bytes(data[node]) for node in nodes}


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_streams(path):
    status, conversations, totals = replay("--strict-capture", path)
    assert conversations
    assert totals["conversations"] == len(conversations)
    for conversation in conversations:
        assert conversation["verdict"] in ("pass", "inconclusive"), conversation
        assert conversation["verdict"] == "pass" or conversation["reason"], conversation
        if conversation["verdict"] != "pass" or path.name in OTHER_THAN_TSHARK | EITHER_COPY:
            continue
        expected = followed(path, conversation["stream"])
        for direction, sender in zip(DIRECTIONS, ("client", "server")):
            data = b"" if path.name in WITHOUT_A_BYTE else expected[conversation[sender]]
            assert conversation["bytes"][direction] == len(data), (direction, conversation)
            assert conversation["sha256"][direction] == hashlib.sha256(data).hexdigest(), (direction, conversation)
    assert status == (4 if totals["pass"] == 0 else 0)


def test_nearly_all_of_the_payload_is_compared():
    """What is made up does not count. A few bytes stay: those that came with a SYN, and urgent ones."""
    _, conversations, totals = replay(ROOT / "pcaps")
    ways = [way for conversation in conversations for way in conversation["directions"].values()]
    compared, captured = (sum(way[name] for way in ways) for name in ("compared", "captured"))
    assert captured > 3000000 and compared / captured >= 0.97
    assert totals["finding"] == 0 and totals["inconclusive"] / totals["conversations"] < 0.03


def manifest():
    """What the manifest says that a replay should say: {file: first word}."""
    rows = re.findall(r"^\| `([^`]+)` \|.*\| ([^|]+) \|$", (ROOT / "pcaps/MANIFEST.md").read_text(), re.M)
    return {name: verdict for name, verdict in rows}


def test_verdicts_are_those_of_the_manifest():
    expected = manifest()
    _, conversations, totals = replay("--strict-capture", ROOT / "pcaps")
    assert totals["files"] == len(CAPTURES) == len(expected)
    worst = {}
    for conversation in conversations:
        name = pathlib.Path(conversation["file"]).name
        if worst.get(name, "pass") == "pass":
            worst[name] = conversation["verdict"]
    wrong = {name: (verdict, worst.get(name)) for name, verdict in expected.items()
             if not verdict.startswith(str(worst.get(name)))}
    assert not wrong


@pytest.mark.parametrize("name", sorted(OTHER_THAN_TSHARK))
def test_the_bytes_are_the_recipes_own(name):
    """Crafted payload names its stream and its offset, so no reassembler is needed to see what is right."""
    _, conversations, _ = replay(ROOT / "pcaps" / name)
    for conversation in conversations:
        for direction, tag in zip(DIRECTIONS, ("c1", "s1")):
            length = conversation["bytes"][direction]
            assert conversation["sha256"][direction] == hashlib.sha256(text(tag, 0, length)).hexdigest()
            assert length > 0 and (length == conversation["directions"][direction]["expected"] or "urgent" in name)


@pytest.mark.parametrize("content, words", [
    (b"", "empty file"),
    (b"\x1f\x8b\x08\x00rest", "gzip stream is damaged"),
    (b"no capture at all", "not a pcap"),
    (b"\x0a\x0d\x0d\x0a", "block header"),
    (b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00", "truncated"),
])
def test_unreadable_files_are_named(tmp_path, content, words):
    path = tmp_path / "strange.pcap"
    path.write_bytes(content)
    done = subprocess.run([PROGRAM, "replay", str(path)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "strange.pcap" in done.stderr and words in done.stderr


@pytest.mark.parametrize("name", ["linux-loss-3.pcap", "crafted-pcapng.pcapng", "crafted-ip-fragments.pcap"])
def test_damaged_files_never_give_a_finding(tmp_path, name):
    """Bytes changed and files cut at many places: one line or a verdict, but no finding and no crash."""
    whole = bytearray((ROOT / "pcaps" / name).read_bytes())
    for turn in range(12):
        data = bytearray(whole[:len(whole) - turn * len(whole) // 13])
        for k in range(1 + turn * 4):
            data[(24 + 7919 * (turn + 1) * (k + 1)) % len(data)] ^= 1 + (k * 37) % 255
        (tmp_path / f"{turn}.pcap").write_bytes(data)
    done = subprocess.run([PROGRAM, "replay", "--json", str(tmp_path)], capture_output=True, text=True, timeout=300,
                          check=False)
    assert done.returncode in (0, 2, 4), done.stdout + done.stderr


def test_local_end_and_stream_can_be_chosen():
    path = ROOT / "pcaps/crafted-interleaved-ten.pcap"
    status, conversations, _ = replay("--stream", 3, "--local", "192.0.2.1", path)
    assert status == 0 and [c["stream"] for c in conversations] == [3]
    assert conversations[0]["directions"]["client_to_server"]["verdict"] == "not tried"
    assert conversations[0]["sha256"]["client_to_server"] is None
    assert conversations[0]["bytes"]["server_to_client"] > 0


if __name__ == "__main__":
    raise SystemExit(pytest.main([__file__, "-q"]))
