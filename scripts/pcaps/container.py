"""Capture files, written and read to the byte: what comes out depends on nothing but the arguments."""

import struct

ETHERNET, RAW, LINUX_SLL = 1, 101, 113

MICROSECONDS, NANOSECONDS = 0xA1B2C3D4, 0xA1B23C4D

Frames = list[tuple[int, bytes]]  # time in nanoseconds since 1970, bytes from the link header on


def pcap(frames: Frames, *, link=ETHERNET, order="<", nanoseconds=False, snaplen=262144) -> bytes:
    """Returns a classic capture file; frames longer than `snaplen` are cut and keep their original length."""
    magic, unit = (NANOSECONDS, 1) if nanoseconds else (MICROSECONDS, 1000)
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link)]
    for when, frame in frames:
        kept = frame[:snaplen]
        out.append(struct.pack(order + "IIII", when // 10**9, when % 10**9 // unit, len(kept), len(frame)))
        out.append(kept)
    return b"".join(out)


def pcapng(frames: Frames, *, interfaces=(ETHERNET,), which=lambda index: 0) -> bytes:
    """Returns a pcapng file with one section; `which(index)` names the interface that saw a frame.

    Its times count nanoseconds (option if_tsresol), and every seventh frame has a comment.
    """
    out = [_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    for link in interfaces:
        out.append(_block(1, struct.pack("<HHI", link, 0, 262144) + _option(9, b"\x09") + _option(0, b"")))
    for index, (when, frame) in enumerate(frames):
        head = struct.pack("<IIIII", which(index), when >> 32, when & 0xFFFFFFFF, len(frame), len(frame))
        comment = _option(1, f"frame {index + 1}".encode()) + _option(0, b"") if index % 7 == 0 else b""
        out.append(_block(6, head + _padded(frame) + comment))
    return b"".join(out)


def read_pcap(data: bytes) -> Frames:
    """Returns the frames of a little-endian file in microseconds, as tcpdump writes it on the usual machine."""
    magic, *_ = struct.unpack_from("<I", data)
    if magic != MICROSECONDS:
        raise ValueError(f"not a little-endian microsecond capture: magic {magic:#x}")
    frames, at = [], 24
    while at < len(data):
        seconds, micros, kept, _length = struct.unpack_from("<IIII", data, at)
        frames.append((seconds * 10**9 + micros * 1000, data[at + 16 : at + 16 + kept]))
        at += 16 + kept
    return frames


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length
