"""What a capture holds, found by tshark's decoding and a count of sequence numbers of our own."""

import dataclasses
import pathlib
import subprocess

FIELDS = ("tcp.stream", "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport", "tcp.seq_raw",
          "tcp.len", "tcp.flags", "frame.cap_len", "frame.len", "tcp.hdr_len")

FIN, SYN, RST, ACK = 1, 2, 4, 16

HALF = 1 << 31


@dataclasses.dataclass
class Direction:
    """What one end of a conversation was seen to send."""

    base: int | None = None
    ranges: list = dataclasses.field(default_factory=list)
    flags: int = 0
    syn_ack: bool = False

    def add(self, seq: int, length: int, flags: int) -> None:
        """Takes one segment into account; a SYN with another number than the first one is not this end's."""
        if flags & SYN and self.flags & SYN and seq != self.base:
            return
        if self.base is None or (flags & SYN and not self.flags & SYN):
            self.base = seq
        if flags & SYN and flags & ACK:
            self.syn_ack = True
        self.flags |= flags
        length += bool(flags & SYN) + bool(flags & FIN)
        start = (seq - self.base) % (1 << 32)
        if length and start < HALF and not flags & RST:
            self.ranges.append((start, start + length))

    def missing(self) -> int:
        """The number of bytes that lie before the last one seen and were not seen."""
        gaps = reached = 0
        for start, stop in sorted(self.ranges):
            gaps += max(0, start - reached)
            reached = max(reached, stop)
        return gaps


@dataclasses.dataclass
class Talk:
    """One conversation: both directions, and whether every frame of it was kept whole."""

    ends: dict = dataclasses.field(default_factory=dict)
    cut: bool = False

    def problem(self) -> str:
        """Why this conversation is not wholly in the capture; empty if it is."""
        if len(self.ends) < 2:
            return "one direction"
        first, second = self.ends.values()
        if not (first.flags & SYN and second.flags & SYN and (first.syn_ack or second.syn_ack)):
            return "no handshake"
        if self.cut:
            return "cut frames"
        lost = first.missing() + second.missing()
        if lost:
            return f"{lost} bytes missing"
        return "" if self.over() else "no close"

    def over(self) -> bool:
        """Both ends have said FIN, or one RST."""
        flags = [end.flags for end in self.ends.values()]
        return any(f & RST for f in flags) or (len(flags) == 2 and all(f & FIN for f in flags))


@dataclasses.dataclass(frozen=True)
class Contents:
    """What `examine` found in one file."""

    frames: int
    streams: int
    problems: tuple[str, ...]  # one per conversation, empty for a complete one


def count(path: pathlib.Path, display_filter: str) -> int:
    """How many frames of a capture match a display filter, checksums being checked."""
    command = ["tshark", "-n", "-r", str(path), "-o", "tcp.check_checksum:TRUE", "-Y", display_filter]
    return len(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines())


def examine(path: pathlib.Path) -> Contents:
    """Reads a capture; raises CalledProcessError when tshark cannot."""
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=l"]
    for field in FIELDS:
        command += ["-e", field]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    live, talks, streams, rows = {}, [], set(), output.splitlines()
    for row in rows:
        stream, src4, src6, sport, dst4, dst6, dport, seq, length, flags, kept, whole, header = row.split("\t")
        if stream:
            streams.add(stream)
        if not stream or not length or not header:
            continue
        source, target, flags = (src4 or src6, sport), (dst4 or dst6, dport), int(flags, 16)
        key = frozenset((source, target))
        talk = live.get(key)
        if talk is None or (flags & SYN and not flags & ACK and talk.over()):
            talk = live[key] = Talk()
            talks.append(talk)
        talk.cut |= kept != whole
        talk.ends.setdefault(source, Direction()).add(int(seq), int(length), flags)
    return Contents(len(rows), len(streams), tuple(talk.problem() for talk in talks))
