"""Crafted captures about headers and containers: options, IP oddities, link types, file formats, cut frames."""

from scapy.layers.inet import IP, IPOption_NOP, IPOption_Timestamp, fragment
from scapy.layers.inet6 import IPv6ExtHdrDestOpt, PadN
from scapy.layers.l2 import Ether

from .catalogue import crafted
from .container import LINUX_SLL, RAW, pcap, pcapng
from .conversation import NOP, Conversation, option
from .crafted_order import begin, end


@crafted("options-odd", "unknown kinds, NOP runs, end of list with rubbish behind it, experimental kinds, 40 bytes")
def options_odd():
    talk, client, server = begin()
    oddities = (
        lambda: server.timestamps() + option(99, b"unknown!"),
        lambda: NOP * 28 + server.timestamps(),
        lambda: server.timestamps() + b"\0" + b"\x05\x0a\xff\xff",
        lambda: option(253, b"\x0e\xe2exp") + NOP + server.timestamps(),
        lambda: option(2, b"\x00\x40") + server.timestamps() + option(3, b"\x0e"),  # outside a SYN: no effect
        lambda: server.timestamps() + option(200, bytes(range(26))),
    )
    for build in oddities:
        server.send(400, options=build())
        client.ack()
    return end(talk)


@crafted("options-bad-length", "option lengths 0, 1, past the header and wrong for their kind, on data resent right",
         verdict="pass; each such segment may be taken or ignored, its bytes come again")
def options_bad_length():
    talk, client, server = begin()
    for bad in (b"\x08\x00", b"\x08\x01", b"\x63\x00\0\0", b"\x63\x28\0\0", b"\x08\x04\0\0", b"\x05\x09" + bytes(7),
                b"\x02\x03\x05\x01", b"\x01\x01\x01\x08"):
        server.segment(offset=server.sent, length=200, options=bad, old=True)
        talk.tape.tick(200)
        server.send(200)
        client.ack()
    return end(talk)


@crafted("timestamps-missing", "every third segment of the server lacks the timestamps option, and comes again with it")
def timestamps_missing():
    talk, client, server = begin()
    for index in range(9):
        if index % 3 == 2:
            server.segment(offset=server.sent, length=300, options=b"", old=True)
            talk.tape.tick(200)
        server.send(300)
        client.ack()
    return end(talk)


@crafted("ip-options", "segments in IPv4 packets with options (NOPs, timestamp), others without",
         verdict="pass; the target hands packets with IP options up and the host forwards their segments")
def ip_options():
    talk, client, server = begin()
    for index in range(6):
        odd = [IPOption_NOP() for _ in range(4)] if index == 1 else [IPOption_Timestamp()] if index == 4 else None
        server.send(500, ip_options=odd)
        client.ack()
    return end(talk)


@crafted("ip-fragments", "one segment in two fragments, one in three that come backwards",
         verdict="pass; the target hands fragments up and the host forwards the whole segment")
def ip_fragments():
    talk, client, server = begin()

    def send_fragmented(length, size, backwards):
        packet = IP(server.frame(offset=server.sent, length=length, flags="PA")[14:])
        packet.flags = 0
        pieces = fragment(packet, fragsize=size)
        for piece in pieces[::-1] if backwards else pieces:
            del piece.chksum
            talk.tape.record(bytes(Ether(src=server.mac, dst=client.mac) / piece))
        server.sent += length
        client.ack(server.sent)

    server.send(300)
    client.ack()
    send_fragmented(1000, 800, backwards=False)
    server.send(300)
    client.ack()
    send_fragmented(1200, 480, backwards=True)
    return end(talk)


@crafted("ipv6-destination-options", "a second conversation whose server puts a destination options header in front",
         ip="6", conversations=2,
         verdict="pass; the target may hand packets with extension headers up to the host, which forwards them")
def ipv6_destination_options():
    plain = Conversation(ip=6)
    talk = Conversation(plain.tape, ip=6, number=2)
    plain.handshake()
    talk.handshake()
    plain.request()
    talk.request()
    for _ in range(4):
        plain.server.send(600)
        talk.server.send(600, extension=IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)]))
        talk.client.ack()
        plain.client.ack()
    plain.close()
    return end(talk)


@crafted("ethernet-padding", "short frames padded to 60 bytes, the padding not zero")
def ethernet_padding():
    talk = Conversation(ts=False, sack=False, scale=None)
    talk.handshake()
    talk.request(3)
    for length in (1, 2, 5, 6, 0):
        server, client = talk.server, talk.client
        server.send(length, pad=b"\xa5" * (6 - length))
        client.ack(pad=b"PADDED")
    return end(talk)


@crafted("link-linux-cooked", "Linux cooked capture (SLL), as tcpdump -i any writes it")
def link_linux_cooked():
    frames = []
    for when, frame in _plain().tape.frames:
        outgoing = frame[6:12].endswith(b"\x01")
        frames.append((when, bytes([0, 4 if outgoing else 0, 0, 1, 0, 6]) + frame[6:12] + b"\0\0" + frame[12:]))
    return pcap(frames, link=LINUX_SLL)


@crafted("link-raw-ip", "raw IP, no link header at all: an IPv4 and an IPv6 conversation", ip="4+6", conversations=2)
def link_raw_ip():
    first = _plain()
    second = _plain(tape=first.tape, ip=6, number=2)
    return pcap([(when, frame[14:]) for when, frame in second.tape.frames], link=RAW)


@crafted("pcapng", "pcapng in nanoseconds with two interfaces (Ethernet, raw IP) and comments", conversations=2,
         suffix=".pcapng")
def format_pcapng():
    first = _plain()
    split = len(first.tape.frames)
    second = _plain(tape=first.tape, number=2)
    frames = [(when, frame if index < split else frame[14:]) for index, (when, frame) in enumerate(second.tape.frames)]
    return pcapng(frames, interfaces=(1, RAW), which=lambda index: int(index >= split))


@crafted("format-nanoseconds", "classic pcap in nanoseconds")
def format_nanoseconds():
    return pcap([(when + 7 * index, frame) for index, (when, frame) in enumerate(_plain().tape.frames)],
                nanoseconds=True)


@crafted("format-big-endian", "classic pcap in the other byte order", ip="6")
def format_big_endian():
    return pcap(_plain(ip=6).tape.frames, order=">")


@crafted("snaplen-short", "frames cut at 128 bytes: headers whole, payload gone",
         partial="payload cut by the snap length", verdict="inconclusive: frames cut short, payload unknown")
def snaplen_short():
    return pcap(_plain().tape.frames, snaplen=128)


@crafted("snaplen-in-header", "frames cut at 60 bytes, inside the TCP options",
         partial="headers cut by the snap length", verdict="inconclusive: frames cut short, inside the TCP header")
def snaplen_in_header():
    return pcap(_plain().tape.frames, snaplen=60)


@crafted("truncated-on-wire", "packets shorter than their IP length says and ones that end inside the TCP header; "
         "the same data comes again whole")
def truncated_on_wire():
    talk, client, server = begin()
    for kept in (14 + 20 + 13, 14 + 20 + 20, 14 + 20 + 32 + 100, 14 + 9):
        talk.tape.record(server.frame(offset=server.sent, length=600, old=True)[:kept])
        talk.tape.tick(200)
        server.send(600)
        client.ack()
    return end(talk)


def _plain(tape=None, **fields):
    """A conversation that has nothing odd about it."""
    talk = Conversation(tape, **fields)
    talk.handshake()
    talk.request()
    for _ in range(4):
        talk.server.send(700)
        talk.client.ack()
    talk.close()
    return talk
