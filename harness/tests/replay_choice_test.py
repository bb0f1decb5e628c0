"""What of a capture is replayed, and what is told of it."""
import json
import shlex
import struct

import captures
import hostile_drivers
import pytest
from captures import ACK, FIN, PSH, RST, SYN, Ends
from rig import RELEASE, run

PORTS = (4000, 4001, 4002, 4003)


def replay(*arguments, **options):
    got = run("replay", "--json", *arguments, **options)
    return got, [json.loads(line) for line in got.stdout.splitlines()]


@pytest.fixture(scope="module")
def four(tmp_path_factory):
    path = tmp_path_factory.mktemp("four") / "four.pcap"
    path.write_bytes(captures.pcap([frame for frames in zip(*map(captures.conversation, PORTS)) for frame in frames]))
    return path


def streams(lines):
    return [line["stream"] for line in lines[:-1]]


@pytest.mark.parametrize("expression, expected", [
    ("tcp", [0, 1, 2, 3]), ("port 4002", [2]), ("port 4003 or (port 4001 and host 10.0.0.2)", [1, 3])])
def test_a_filter_takes_conversations_which_keep_their_numbers(expression, expected, four):
    got, lines = replay("--filter", expression, four)
    assert got.returncode == 0 and streams(lines) == expected


def icmp(frame, quoted):
    """An ICMP error about a frame, with so many bytes of it."""
    body = struct.pack(">BBHI", 3, 1, 0, 0) + frame[14:14 + quoted]
    body = body[:2] + struct.pack(">H", captures.ones_sum(body)) + body[4:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 1, 0, 64, 1, 0) + bytes((10, 9, 9, 9)) + frame[26:30]
    return bytes(12) + b"\x08\x00" + ip[:10] + struct.pack(">H", captures.ones_sum(ip)) + ip[12:] + body


@pytest.mark.parametrize("about, quoted, expected", [  # as tshark has it
    (4001, 28, {4000: 0, 4001: 1, 4002: 2}), (4001, 40, {4000: 1, 4001: 0, 4002: 2}),
    (4000, 40, {4000: 0, 4001: 1, 4002: 2}), (4009, 40, {4000: 1, 4001: 2, 4002: 3})])
def test_a_header_in_an_icmp_error_has_a_number(about, quoted, expected, tmp_path):
    path = tmp_path / "x.pcap"
    frames = [frame for port in PORTS[:3] for frame in captures.conversation(port)]
    path.write_bytes(captures.pcap([icmp(captures.conversation(about)[0], quoted), *frames]))
    _, lines = replay(path)
    assert {int(line["client"].split(":")[1]): line["stream"] for line in lines[:-1]} == expected


def test_a_filter_takes_packets(four):
    _, lines = replay("--strict-capture", "--filter", "src port 4001", four)
    assert streams(lines) == [1] and "one direction" in lines[0]["reason"]
    got, lines = replay("--filter", "port 9", four)
    assert streams(lines) == [] and "--filter" in got.stderr and got.returncode == 4


@pytest.mark.parametrize("expression, at", [
    ("tcp port 80 and and host x", "from byte 12 on, 'and and host x'"), ("port", "from byte 0 on, 'port'"),
    ("tcp[99999999999]=1", "overflows"), ("wlan type mgt", "link type 1")])
def test_a_filter_that_is_wrong_is_said(expression, at, four):
    got, _ = replay("--filter", expression, four)
    assert got.returncode == 2 and len(got.stderr.splitlines()) == 1
    assert expression in got.stderr and at in got.stderr


@pytest.mark.parametrize("numbers, expected", [("2", [2]), ("0,3", [0, 3]), ("1-2", [1, 2]), ("3,0-1,1", [0, 1, 3])])
def test_conversations_are_chosen_by_lists_and_ranges(numbers, expected, four):
    got, lines = replay("--stream", numbers, four)
    assert got.returncode == 0 and streams(lines) == expected


@pytest.mark.parametrize("numbers, words", [
    ("1,x", "'x'"), ("3-1", "'3-1'"), ("1,,2", "''"), ("1,", "''"), ("-3", "'-3'"), ("2147483648", "2147483647"),
    ("1-", "'1-'"), ("7", "--stream 7: no such"), ("0,9-12", "--stream 9-12: no such"),
    (",".join("1" for _ in range(300)), "more than 256")])
def test_lists_that_name_nothing_are_said(numbers, words, four):
    got, _ = replay("--stream", numbers, four)
    assert got.returncode == 2 and len(got.stderr.splitlines()) == 1 and words in got.stderr


@pytest.fixture(scope="module")
def dies(tmp_path_factory):
    return hostile_drivers.compiled("aborts", tmp_path_factory.mktemp("aborts"))


def test_findings_alone_with_what_reproduces_them(dies, four):
    got = run("replay", "--json", "--failed", "--driver", dies, "--filter", "not udp", "--stream", "1-2", four,
              program=RELEASE)
    *conversations, last = [json.loads(line) for line in got.stdout.splitlines()]
    assert got.returncode == 1 and len(conversations) == 2
    for conversation in conversations:
        command = shlex.split(conversation["reproduce"])
        assert command[0] == "chimneysweep" and command[1] == "replay"
        again = run(*command[1:], "--json", program=RELEASE)
        first = json.loads(again.stdout.splitlines()[0])
        assert (first["stream"], first["verdict"]) == (conversation["stream"], conversation["verdict"])
    assert sum(row["times"] for row in last["totals"]["reasons"]) == 2
    text = run("replay", "--failed", "--driver", dies, "--stream", "1", four, program=RELEASE).stdout
    assert text.count("reproduce: chimneysweep replay --driver ") == 1 and "by reason:\n       1  crash: " in text


def test_without_findings_nothing_but_totals(four):
    got, lines = replay("--failed", four)
    assert got.returncode == 0 and len(lines) == 1 and lines[0]["totals"]["pass"] == 4


def alone(flags, answer=None, sender="c"):
    ends = Ends(5000)
    return [ends(sender, flags)] + ([ends("s" if sender == "c" else "c", answer)] if answer else [])


def scan():
    ends = Ends(5000)
    return [ends("c", SYN), ends("s", SYN | ACK), ends("c", RST)]


@pytest.mark.parametrize("frames, words", [
    (alone(SYN), "nobody answers"), (alone(SYN, RST | ACK), "a reset answers"), (scan(), "not acknowledged"),
    (alone(ACK, RST), "nothing but resets"), (alone(FIN, RST | ACK), "nothing but resets"),
    (alone(SYN | ACK, RST, "s"), "not acknowledged")])
def test_no_connection_is_a_class_of_its_own(frames, words, tmp_path):
    path = tmp_path / "none.pcap"
    path.write_bytes(captures.pcap(frames))
    got, (conversation, last) = replay(path)
    assert conversation["verdict"] == "no-connection" and words in conversation["reason"]
    assert last["totals"]["no_connection"] == 1 and last["totals"]["inconclusive"] == 0 and got.returncode == 4
    path.write_bytes(captures.pcap(frames + captures.conversation(4000)))
    got, lines = replay(path)
    assert got.returncode == 0 and lines[-1]["totals"]["no_connection"] == 1 and lines[-1]["totals"]["pass"] == 1


def one_direction():
    ends = Ends(5000)
    return [ends("c", SYN), ends("c", ACK, ack=7001), ends("c", ACK | PSH, b"request", ack=7001)]


def midstream():
    ends = Ends(5000)
    return [ends("c", ACK | PSH, b"request"), ends("s", ACK | PSH, b"answer"), ends("c", RST)]


@pytest.mark.parametrize("frames, verdict", [(one_direction(), "pass"), (midstream(), "pass"),
                                             (captures.handshake(Ends(5000)), "pass"),
                                             (alone(ACK | PSH), "inconclusive")])
def test_what_shows_a_connection_is_none_of_that_class(frames, verdict, tmp_path):
    path = tmp_path / "some.pcap"
    path.write_bytes(captures.pcap(frames))
    _, lines = replay(path)
    assert lines[0]["verdict"] == verdict and lines[-1]["totals"]["no_connection"] == 0
