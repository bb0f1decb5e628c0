#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Captures that nobody of this project made, against streams that others put together.

They are no part of the project: REPLAY_TRUTH names their folder (default: shared/pcaps beside the project), with
TRUTH.tsv in it. Without it these tests are skipped. CHIMNEYSWEEP names the program under test.
"""
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("CHIMNEYSWEEP", str(ROOT / "build/asan/bin/chimneysweep"))
FOLDER = pathlib.Path(os.environ.get("REPLAY_TRUTH", ROOT.parent / "shared/pcaps"))
DIRECTIONS = (("client_to_server", "sha256_c2s"), ("server_to_client", "sha256_s2c"))

# Segments with a wrong checksum and wrong bytes, that the truth's reassembler takes and a receiver drops.
DAMAGED_ON_THE_WIRE = {("zeek-pppoe-over-qinq.pcap", "0", "server_to_client")}

pytestmark = pytest.mark.skipif(not (FOLDER / "TRUTH.tsv").exists(), reason=f"no TRUTH.tsv in {FOLDER}")


def truth():
    """Rows of TRUTH.tsv by file and stream."""
    lines = [line.rstrip("\n").split("\t") for line in (FOLDER / "TRUTH.tsv").open() if not line.startswith("#")]
    return {(row[0], row[1]): dict(zip(lines[0], row)) for row in lines[1:]}


@pytest.fixture(scope="module", name="conversations")
def replayed():
    """Every conversation of the folder, replayed once."""
    done = subprocess.run([PROGRAM, "replay", "--json", str(FOLDER)], capture_output=True, text=True, timeout=600,
                          check=False)
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    return {(pathlib.Path(o["file"]).name, str(o["stream"])): o for o in objects if "totals" not in o}


def test_no_finding(conversations):
    wrong = [o for o in conversations.values() if o["verdict"] not in ("pass", "inconclusive", "no-connection")]
    assert conversations and not wrong


def test_inconclusive_says_why(conversations):
    assert all(o["reason"] for o in conversations.values() if o["verdict"] == "inconclusive")


def test_ends_are_those_of_the_truth(conversations):
    for key, row in truth().items():
        if row["handshake"] == "yes":
            found = conversations[key]
            assert (found["client"], found["server"]) == (row["client"], row["server"]), key


def test_streams(conversations):
    same = urgent = 0
    wrong = []
    for key, row in truth().items():
        if row["handshake"] != "yes":
            continue
        found = conversations[key]
        for direction, column in DIRECTIONS:
            if row[column] == "-" or (*key, direction) in DAMAGED_ON_THE_WIRE:
                continue
            if found["sha256"][direction] == row[column]:
                same += 1
            elif "urgent data" in found["directions"][direction]["reason"]:
                urgent += 1
            else:
                wrong.append((key, direction, found["reason"]))
    print(f"{same} streams the same, {urgent} up to urgent data, {len(wrong)} others")
    assert same > 150 and not wrong


def test_share_of_complete_conversations_that_pass(conversations):
    complete = [key for key, row in truth().items() if row["sha256_c2s"] != "-" and row["sha256_s2c"] != "-"]
    passed = [key for key in complete if conversations[key]["verdict"] == "pass"]
    print(f"{len(passed)} of {len(complete)} complete conversations pass")
    assert passed == complete


if __name__ == "__main__":
    raise SystemExit(pytest.main([__file__, "-q", "-s"]))
