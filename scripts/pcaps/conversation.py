"""A scripted TCP conversation: two ends that send exactly what a recipe says, and frames that Scapy builds."""

import struct

from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from .payload import text

START = 1_700_000_000 * 10**9  # of every crafted capture

SEQUENCES = 1 << 32


def option(kind: int, value: bytes = b"") -> bytes:
    """Returns one TCP option with its length byte."""
    return bytes([kind, 2 + len(value)]) + value


NOP = b"\x01"
SACK_PERMITTED = option(4)


def mss(size: int) -> bytes:
    return option(2, struct.pack(">H", size))


def window_scale(shift: int) -> bytes:
    return NOP + option(3, bytes([shift]))


class Tape:
    """The frames of a capture and the clock that stamps them."""

    def __init__(self):
        self.now = START
        self.frames = []

    def tick(self, milliseconds: float) -> None:
        """Lets time pass."""
        self.now += int(milliseconds * 10**6)

    def record(self, frame: bytes) -> None:
        """Appends a frame and lets 100 microseconds pass."""
        self.frames.append((self.now, frame))
        self.tick(0.1)


class End:
    """One end of a conversation. Offsets count payload bytes of the stream that this end sends."""

    def __init__(self, talk, address, mac, port, iss, tag, window):
        self.talk, self.address, self.mac, self.port = talk, address, mac, port
        self.iss, self.tag, self.window = iss, tag, window
        self.sent = 0       # payload bytes that send() has put on the wire so far
        self.fin = False    # a FIN stands behind them
        self.acks = None    # sequence number that its next segment acknowledges; None before the first SYN
        self.ts_echo = 0
        self.ts_offset = 100_000 + port
        self.peer = None
        self.ident = port

    def sequence(self, offset: int) -> int:
        """The sequence number of the stream's byte at `offset`."""
        return (self.iss + 1 + offset) % SEQUENCES

    @property
    def next(self) -> int:
        return (self.sequence(self.sent) + self.fin) % SEQUENCES

    def clock(self) -> int:
        """The timestamp value that this end would send now."""
        return (self.ts_offset + (self.talk.tape.now - START) // 10**6) % SEQUENCES

    def timestamps(self, value=None) -> bytes:
        """The timestamps option as it stands in this end's segments."""
        value = self.clock() if value is None else value % SEQUENCES
        return NOP + NOP + option(8, struct.pack(">II", value, self.ts_echo))

    def sack(self, *ranges) -> bytes:
        """A SACK option for ranges of the other end's stream, each (first offset, offset past the last)."""
        edges = [self.peer.sequence(edge) for pair in ranges for edge in pair]
        return NOP + NOP + option(5, struct.pack(f">{len(edges)}I", *edges))

    def send(self, length: int, flags="PA", **fields) -> None:
        """Sends the next bytes of the stream; the other end will acknowledge them when it next speaks."""
        offset = self.sent
        self.sent += length
        self.segment(offset=offset, length=length, flags=flags, **fields)
        self.peer.acks = self.next

    def lose(self, length: int) -> None:
        """Passes over the next bytes of the stream without a frame."""
        self.sent += length

    def ack(self, upto=None, **fields) -> None:
        """Sends a pure ACK, of all that is known to have come or of the other's stream up to offset `upto`."""
        if upto is not None:
            self.acks = self.peer.sequence(upto)
        self.segment(flags="A", **fields)

    def finish(self, **fields) -> None:
        """Sends the FIN behind what was sent so far."""
        self.segment(flags="FA", **fields)
        self.fin = True
        self.peer.acks = self.next

    def segment(self, **fields) -> None:
        """Records the frame that `frame` builds from the same fields."""
        self.talk.tape.record(self.frame(**fields))

    def frame(self, *, offset=None, length=0, payload=None, seq=None, ack=None, flags="A", window=None, urgent=0,
              options=None, tsval=None, spoil_tcp=False, spoil_ip=False, ip_options=None, extension=None, pad=b"",
              old=False) -> bytes:
        """Builds one Ethernet frame from this end without any effect on what it will send next.

        The payload is `length` bytes of this end's stream at `offset`, or `payload` itself; the sequence number is
        that of `offset`, else `seq`, else the next one. `spoil_tcp` and `spoil_ip` make the checksum wrong, `old`
        keeps the other end from echoing this segment's timestamp, `extension` stands between IPv6 and TCP.
        """
        if offset is not None and seq is None:
            seq = self.sequence(offset)
        if payload is None:
            payload = text(self.tag, self.sent if offset is None else offset, length)
        if options is None:
            options = self.timestamps(tsval) if self.talk.ts and "R" not in flags else b""
        options += bytes(-len(options) % 4)
        acknowledged = (self.acks if ack is None else ack) if "A" in flags else 0
        if self.talk.ts and not old and tsval is None:
            self.peer.ts_echo = self.clock()
        tcp = TCP(sport=self.port, dport=self.peer.port, seq=(self.next if seq is None else seq) % SEQUENCES,
                  ack=acknowledged % SEQUENCES, flags=flags, dataofs=5 + len(options) // 4,
                  window=self.window if window is None else window, urgptr=urgent)
        packet = self._network(ip_options, extension) / tcp / Raw(options + payload)
        if len(options) > 40 or len(packet) > 1500:
            raise ValueError(f"no room for {len(options)} bytes of options and {len(payload)} of payload")
        frame = bytearray(bytes(Ether(src=self.mac, dst=self.peer.mac) / packet))
        if spoil_ip:
            frame[14 + 10] ^= 0x5A
        if spoil_tcp:
            frame[14 + self._tcp_starts(frame) + 16] ^= 0xA5
        return bytes(frame) + pad

    def _network(self, ip_options, extension):
        if self.talk.ip == 4:
            self.ident += 1
            return IP(src=self.address, dst=self.peer.address, id=self.ident, flags="DF", ttl=64,
                      options=ip_options or [])
        header = IPv6(src=self.address, dst=self.peer.address, hlim=64)
        return header / extension if extension is not None else header

    def _tcp_starts(self, frame) -> int:
        return (frame[14] & 15) * 4 if self.talk.ip == 4 else 40


class Conversation:
    """A client (the end that a replay should take as the local one) and a server."""

    def __init__(self, tape=None, *, ip=4, number=1, ts=True, sack=True, scale=7, mss_size=None,
                 client_iss=0x1000_0000, server_iss=0x2000_0000, window=502):
        self.tape = tape or Tape()
        self.ip, self.ts, self.sack_ok, self.scale = ip, ts, sack, scale
        self.mss = mss_size or (1460 if ip == 4 else 1440)
        addresses = ("192.0.2.1", "192.0.2.2") if ip == 4 else ("2001:db8::1", "2001:db8::2")
        self.client = End(self, addresses[0], "02:00:00:00:00:01", 40000 + number, client_iss, f"c{number}", window)
        self.server = End(self, addresses[1], "02:00:00:00:00:02", 8000, server_iss, f"s{number}", window)
        self.client.peer, self.server.peer = self.server, self.client

    def syn_options(self, end: End) -> bytes:
        """The options of this conversation's SYN and SYN-ACK."""
        options = mss(self.mss)
        options += SACK_PERMITTED if self.sack_ok else NOP + NOP
        options += option(8, struct.pack(">II", end.clock(), end.ts_echo)) if self.ts else b""
        return options + (window_scale(self.scale) if self.scale is not None else b"")

    def handshake(self) -> None:
        """SYN, SYN-ACK, ACK."""
        client, server = self.client, self.server
        client.segment(seq=client.iss, flags="S", options=self.syn_options(client), window=64240)
        server.acks = client.sequence(0)
        server.segment(seq=server.iss, flags="SA", options=self.syn_options(server), window=65160)
        client.acks = server.sequence(0)
        client.ack()

    def request(self, length=120) -> None:
        """The client says something and the server acknowledges it."""
        self.client.send(length)
        self.server.ack()

    def close(self) -> None:
        """The server closes first, then the client."""
        self.server.finish()
        self.client.finish()
        self.server.ack()
