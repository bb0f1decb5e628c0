"""The wire of a run as pcapng: tshark reads every frame, and every event of the trace stands at one of them."""
import json
import re
import struct
import subprocess
import sys

import pytest
from rig import BUILD, PROJECT, run

sys.path.insert(0, str(PROJECT / "scripts/campaign"))
import bugs  # noqa: E402

SITUATIONS = PROJECT / "corpora/situations"
NOISE = r" [DP]  (allocate|free) "
PROGRAMS = ["refused-data-waits-for-a-post", "reordered-segments", "send-backlog-follows-the-windows",
            "eight-connections-in-batches"]


def tshark(path, *fields, options=()):
    arguments = [argument for field in fields for argument in ("-e", field)]
    got = subprocess.run(["tshark", "-r", path, *options, "-T", "fields", "-E", "separator=\x1d", "-E",
                          "aggregator=\x1e", *arguments], text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    assert got.returncode == 0, got.stderr
    return [line.split("\x1d") for line in got.stdout.split("\n") if line]


def blocks(path):
    """Every block of a file, by its type; a file that is not whole fails here."""
    data, at, got = path.read_bytes(), 0, []
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        assert length % 4 == 0 and length >= 12 and at + length <= len(data)
        assert struct.unpack_from("<I", data, at + length - 4)[0] == length
        got.append((kind, data[at + 8:at + length - 4]))
        at += length
    return got


def options_of(body):
    at, got = 0, []
    while at < len(body):
        code, length = struct.unpack_from("<HH", body, at)
        if code == 0:
            break
        got.append((code, body[at + 4:at + 4 + length]))
        at += 4 + length + -length % 4
    return got


def all_comments(path):
    """In the order of the file, with those of section headers but the first, which says what it is."""
    comments = []
    for kind, body in blocks(path):
        if kind == 0x0A0D0D0A:
            comments += [value.decode() for code, value in options_of(body[16:]) if code == 1][1:]
        elif kind == 6:
            captured, = struct.unpack_from("<I", body, 12)
            comments += [value.decode() for code, value in options_of(body[20 + captured + -captured % 4:]) if code == 1]
    return comments


def events_of(*arguments):
    """The lines of --trace as the comments have them: without allocations, without indentation."""
    lines = [line.strip() for line in run("run", "--trace", *arguments).stdout.splitlines()]
    lines = [line for line in lines if re.match(r"\d+ +\d+\.\d{6} ms ", line)]
    return [line for line in lines if not re.search(NOISE, line)]


@pytest.fixture(params=PROGRAMS)
def recorded(request, tmp_path):
    program, out = SITUATIONS / f"{request.param}.chim", tmp_path / "out.pcapng"
    assert run("run", "--pcapng", out, program).returncode == 0
    return program, out


def test_every_event_of_the_trace_is_a_comment_in_order(recorded):
    program, out = recorded
    comments = all_comments(out)
    assert [c for c in comments if not c.startswith(("VERDICT", "WARNING", "made up"))] == events_of(program)
    assert comments[-1] == "VERDICT pass"
    seen = [c for packet in tshark(out, "frame.comment") for c in packet[0].split("\x1e")]
    assert seen == comments


def test_every_frame_is_a_packet_with_its_time_and_direction(recorded):
    program, out = recorded
    frames = [(float(m[2]), m[3], int(m[4])) for m in
              (re.match(r"(\d+) +(\d+\.\d+) ms .*frame (in|out) #\d+ (\d+) bytes", e) for e in events_of(program)) if m]
    direction = {"0x00000001": "in", "0x00000002": "out"}
    packets = [(float(p[0]) * 1000, direction[p[1]], int(p[2]))
               for p in tshark(out, "frame.time_epoch", "frame.packet_flags", "frame.len", "frame.comment")
               if "made up: the handshake" not in p[3]]
    assert len(frames) > 3 and packets == pytest.approx(frames)


def test_checksums_are_right(recorded):
    checks = ("-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE")
    status = tshark(recorded[1], "ip.checksum.status", "tcp.checksum.status", options=checks)
    assert all({*packet} <= {"1", ""} for packet in status)
    assert sum(packet == ["1", "1"] for packet in status) > 3  # others are ARP, UDP, fragments


def test_a_handshake_in_front_tells_scale_factors(tmp_path):
    program, out = tmp_path / "scaled.chim", tmp_path / "out.pcapng"
    program.write_text("chimneysweep program 1\ntimestamps\nsack\nwindow-scale\nrcv-scale 3\nsnd-scale 7\n"
                       "peer-window 900\nc0 post length=1000\nc0 seg length=500 push\nc0 send length=700\n")
    assert run("run", "--pcapng", out, program).returncode == 0
    rows = tshark(out, "tcp.flags", "tcp.options.wscale.shift", "tcp.options.sack_perm", "tcp.window_size_scalefactor",
                  "tcp.seq", "tcp.analysis.flags", "frame.packet_flags")
    assert [row[0] for row in rows[:3]] == ["0x0002", "0x0012", "0x0010"]
    assert [row[1] for row in rows[:2]] == ["3", "7"] and all(row[2] for row in rows[:2])
    assert {row[3] for row in rows[3:]} == {"8", "128"} and not any(row[5] for row in rows[3:])
    assert all(row[4] == "1" for row in rows[2:4])


def comment_of(packet, text):
    return [c for c in packet.split("\x1e") if text in c]


def test_calls_stand_at_the_frames_that_they_led_to_or_followed(tmp_path):
    out = tmp_path / "out.pcapng"
    run("run", "--pcapng", out, SITUATIONS / "send-backlog-follows-the-windows.chim")
    sends = [p for p in tshark(out, "frame.packet_flags", "frame.comment") if comment_of(p[1], "> MiniportTcpOffloadSend")]
    assert any(flags == "0x00000002" for flags, _ in sends)
    run("run", "--pcapng", out, SITUATIONS / "one-segment-fills-many-requests.chim")
    packets = tshark(out, "frame.packet_flags", "frame.comment")
    filled = [flags for flags, comments in packets if comment_of(comments, "NdisTcpOffloadReceiveComplete")]
    assert filled and "0x00000001" in filled


def follow(path):
    """Both directions of the first conversation, reassembled by tshark."""
    got = subprocess.run(["tshark", "-r", path, "-q", "-z", "follow,tcp,raw,0"], text=True, stdout=subprocess.PIPE)
    lines = [line for line in got.stdout.splitlines() if re.fullmatch(r"\s*[0-9a-f]+", line)]
    return {("".join(line for line in lines if not line.startswith("\t"))),
            ("".join(line.strip() for line in lines if line.startswith("\t")))}


def test_the_streams_of_a_replay_reassemble_to_those_of_its_capture(tmp_path):
    capture, out = PROJECT / "pcaps/crafted-holes-three.pcap", tmp_path / "out.pcapng"
    assert run("replay", "--local", "client", "--pcapng", out, capture).returncode == 0
    assert follow(out) == follow(capture) and max(map(len, follow(out))) > 4000
    assert all_comments(out)[-1].startswith("VERDICT pass")


def test_a_replay_has_a_section_for_each_run_with_its_verdict(tmp_path):
    out = tmp_path / "out.pcapng"
    capture = PROJECT / "pcaps/crafted-missing-segment.pcap"
    assert run("replay", "--strict-capture", "--pcapng", out, capture).returncode == 4
    assert [kind for kind, _ in blocks(out)].count(0x0A0D0D0A) == 2
    verdicts = [c for c in all_comments(out) if c.startswith("VERDICT")]
    assert len(verdicts) == 2 and any("capture lost 1200 bytes" in v for v in verdicts)
    about = [options_of(body[16:])[0][1].decode() for kind, body in blocks(out) if kind == 0x0A0D0D0A]
    assert sorted(text.split(": ")[1] for text in about) == [
        "stream 0, the client as the target", "stream 0, the server as the target"]
    assert len(tshark(out, "frame.number")) == [kind for kind, _ in blocks(out)].count(6)


@pytest.mark.parametrize("name", ["order-batch-reversed", "touch-after-completion", "touch-frame-after-return"])
def test_a_verdict_stands_at_its_event_even_when_the_driver_dies_there(name, tmp_path):
    driver = bugs.build(bugs.read(PROJECT / f"harness/bugs/{name}.patch"), BUILD.name,
                        bugs.drivers.compile_commands(BUILD.name))
    program, out = PROJECT / f"corpora/bugs/{name}.chim", tmp_path / "out.pcapng"
    got = run("run", "--json", "--driver", driver, "--pcapng", out, program)
    verdict = json.loads(got.stdout)
    assert got.returncode == 1 and verdict["rule"]
    comments = all_comments(out)
    at = [i for i, comment in enumerate(comments) if comment.startswith("VERDICT")]
    assert len(at) == 1 and f" {verdict['rule']}: " in comments[at[0]]
    assert "chimneysweep explain" in comments[at[0]]
    assert comments[at[0] - 1].startswith(f"{verdict['event']} ")
    assert verdict["actual"] in comments[at[0]]
    text = run("run", "--driver", driver, program, cwd=PROJECT).stdout
    explained = json.loads(run("explain", "--json", verdict["rule"], cwd=PROJECT).stdout)["rules"][0]
    assert f" why {explained['why']} " in " ".join(text.split())
    assert text.endswith(f"  explain: chimneysweep explain {verdict['rule']}\n")
    assert [c for c in comments if c[0].isdigit() and not re.search(NOISE, c)] == events_of(
        "--driver", driver, program)
    assert len(tshark(out, "frame.number")) == [kind for kind, _ in blocks(out)].count(6) > 0


@pytest.mark.parametrize("body", ["for (;;) { }", "__builtin_trap();"], ids=["hang", "crash"])
def test_without_a_frame_the_events_stand_in_the_section_header(body, tmp_path):
    source, driver, out = tmp_path / "driver.c", tmp_path / "driver.so", tmp_path / "out.pcapng"
    source.write_text(f"int DriverEntry(void *object, void *path) {{ (void)object; (void)path; {body} return 0; }}")
    subprocess.run(["clang-14", "-O1", "-shared", "-fPIC", "-o", driver, source], check=True)
    got = run("run", "--timeout", "1", "--driver", driver, "--pcapng", out, SITUATIONS / f"{PROGRAMS[0]}.chim")
    assert got.returncode == 1
    comments = all_comments(out)
    assert "DriverEntry" in comments[0] and comments[1].startswith("VERDICT ")
    assert tshark(out, "frame.number") == []
    shown = subprocess.run(["capinfos", out], text=True, stdout=subprocess.PIPE)
    assert shown.returncode == 0 and "VERDICT" in shown.stdout


def test_a_file_that_cannot_be_written_is_an_error(tmp_path):
    for command in (["run", SITUATIONS / f"{PROGRAMS[0]}.chim"], ["replay", PROJECT / "pcaps/crafted-holes-three.pcap"]):
        got = run(command[0], "--pcapng", tmp_path / "no" / "out.pcapng", command[1])
        assert got.returncode == 2 and "cannot be written" in got.stderr
