"""What a capture lacks is made up, so that the rest can be judged; what is made up is never counted as compared."""
import hashlib
import json

import captures
import pytest
from captures import ACK, FIN, PSH, SYN, Ends
from rig import PROJECT, run

CHUNK = 200
LACKS = "the capture lacks the others"


def replay(*arguments):
    got = run("replay", "--json", *arguments)
    return [json.loads(line) for line in got.stdout.splitlines()][:-1]


def one(frames, folder, *arguments, snapshot=None):
    path = folder / "x.pcap"
    path.write_bytes(captures.pcap(frames) if snapshot is None else cut(frames, snapshot))
    (conversation,) = replay(*arguments, path)
    return conversation


def cut(frames, snapshot):
    """The same capture with a snapshot length."""
    whole, out, at = captures.pcap(frames), bytearray(captures.pcap([])), 24
    for frame in frames:
        record = bytearray(whole[at:at + 16 + min(len(frame), snapshot)])
        record[8:12] = min(len(frame), snapshot).to_bytes(4, "little")
        out += record
        at += 16 + len(frame)
    return bytes(out)


def download(chunks=10, port=4000):
    """A request and an answer in pieces: frames, and the numbers of those with the answer."""
    ends = Ends(port)
    frames = captures.handshake(ends) + [ends("c", ACK | PSH, b"request")]
    pieces = []
    for i in range(chunks):
        pieces.append(len(frames))
        frames += [ends("s", ACK | PSH, bytes([65 + i]) * CHUNK), ends("c", ACK)]
    return frames + [ends("c", ACK | FIN), ends("s", ACK | FIN), ends("c", ACK)], pieces


def down(conversation):
    """Of the direction with the answer: compared, captured, bytes of the stream."""
    way = conversation["directions"]["server_to_client"]
    return way["compared"], way["captured"], way["expected"]


@pytest.mark.parametrize("lost", [(0,), (4,), (3, 4, 5), (0, 9), (9,)])
def test_a_hole_is_filled_and_not_counted(lost, tmp_path):
    frames, pieces = download()
    left = [f for i, f in enumerate(frames) if i not in {pieces[k] for k in lost}]
    known = CHUNK * (10 - len(lost))
    got = one(left, tmp_path)
    assert got["verdict"] == "pass" and down(got) == (known, known, CHUNK * 10)
    assert LACKS in got["directions"]["server_to_client"]["reason"]
    strict = one(left, tmp_path, "--strict-capture")
    assert strict["verdict"] == "inconclusive" and strict["reason"].startswith("capture lost ")


@pytest.mark.parametrize("kept, expected", [("s", (2000, 2000, 2000)), ("c", (0, 0, 2000))])
def test_one_direction_is_enough(kept, expected, tmp_path):
    frames, _ = download()
    left = [f for f in frames if (f[34:36] == b"\x00\x50") == (kept == "s")]
    got = one(left, tmp_path)
    assert got["verdict"] == "pass" and down(got) == expected
    assert got["directions"]["client_to_server"]["compared"] == (7 if kept == "c" else 0)
    assert "one direction" in one(left, tmp_path, "--strict-capture")["reason"]


def test_one_direction_without_payload_is_inconclusive(tmp_path):
    frames, _ = download(0)
    left = [f for f in frames if f[34:36] != b"\x00\x50" and len(f) == 54]
    assert one(left, tmp_path)["verdict"] == "inconclusive"


def test_what_the_snap_length_cut_is_made_up(tmp_path):
    frames, _ = download()
    got = one(frames, tmp_path, snapshot=54 + 50)
    assert got["verdict"] == "pass" and down(got) == (500, 500, 2000)
    got = one(frames, tmp_path, snapshot=54)
    assert got["verdict"] == "inconclusive" and "none of the 2007 bytes" in got["reason"]


def test_an_ack_beyond_reason_makes_nothing_up(tmp_path):
    ends = Ends(4000)
    frames = captures.handshake(ends) + [ends("c", ACK | PSH, b"request")]
    frames += [ends("s", ACK | PSH, b"answer"), ends("c", ACK, ack=5001 + 6 + (1 << 30)), ends("c", ACK)]
    got = one(frames, tmp_path)
    assert got["verdict"] == "pass" and down(got) == (6, 6, 6)


def test_a_fin_that_is_not_there_is_told_by_its_ack(tmp_path):
    ends = Ends(4000)
    frames = captures.handshake(ends) + [ends("s", ACK | PSH, b"answer")]
    ends("s", ACK | FIN)
    got = one(frames + [ends("c", ACK)], tmp_path)
    assert got["verdict"] == "pass" and down(got) == (6, 6, 6)


@pytest.mark.parametrize("name, total, most", [("crafted-urgent", 2000, 500), ("crafted-urgent-pointers", 1300, 300)])
def test_after_urgent_data_it_goes_on_to_the_end(name, total, most):
    (got,) = replay(PROJECT / f"pcaps/{name}.pcap")
    compared, captured, expected = down(got)
    assert got["verdict"] == "pass" and captured == expected == total
    assert got["bytes"]["server_to_client"] == total and total - most <= compared < total


def test_windows_are_those_of_the_capture(tmp_path):
    """The target may not be sent more than the small window that its end announced."""
    frames, _ = download(40)
    small = []
    for frame in frames:
        if frame[34:36] != b"\x00\x50":
            tcp = bytearray(frame[34:])
            tcp[14:18] = (600).to_bytes(2, "big") + b"\0\0"
            pseudo = frame[26:34] + (6).to_bytes(2, "big") + len(tcp).to_bytes(2, "big")
            tcp[16:18] = captures.ones_sum(pseudo + bytes(tcp)).to_bytes(2, "big")
            frame = frame[:34] + bytes(tcp)
        small.append(frame)
    got = one(small, tmp_path)
    assert got["verdict"] == "pass" and down(got) == (8000, 8000, 8000)


def test_whole_conversations_are_the_same_in_both_modes():
    names = [PROJECT / f"pcaps/{name}.pcap" for name in
             ("linux-http-download", "crafted-interleaved-ten", "crafted-paws", "crafted-blind-data", "linux-both-ways")]
    adaptive, strict = replay(*names), replay("--strict-capture", *names)
    assert len(strict) > 10 and [c["sha256"] for c in adaptive] == [c["sha256"] for c in strict]
    assert all(c["verdict"] == "pass" for c in adaptive + strict)
    assert all(way["compared"] == way["captured"] for c in adaptive for way in c["directions"].values())


def test_the_hash_is_told_when_it_is_asked_for(tmp_path):
    path = tmp_path / "x.pcap"
    path.write_bytes(captures.pcap(download()[0]))
    whole = b"".join(bytes([65 + i]) * CHUNK for i in range(10))
    digest = hashlib.sha256(whole).hexdigest()
    assert digest in run("replay", "--sha256", path).stdout and digest not in run("replay", path).stdout


def test_a_handshake_that_was_not_captured_is_no_hindrance(tmp_path):
    frames, _ = download()
    got = one(frames[3:], tmp_path)
    assert got["verdict"] == "pass" and down(got) == (2000, 2000, 2000)
    assert SYN not in (f[47] for f in frames[3:])
