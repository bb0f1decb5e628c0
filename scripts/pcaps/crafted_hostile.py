"""Crafted captures of what a stranger or a broken path sends: blind RST and SYN, wrong checksums, urgent data."""

from .catalogue import crafted
from .crafted_order import begin, end
from .container import pcap
from .conversation import Conversation
from .payload import text


@crafted("rst-outside", "blind RSTs below and above the window, ignored; data goes on")
def rst_outside():
    talk, client, server = begin()
    server.send(1000)
    client.ack()
    for distance in (-1, -5000, 70_000, 2**31 - 1, 2**31):
        server.segment(seq=server.next + distance, flags="R")
    server.send(1000)
    client.ack()
    return end(talk)


@crafted("rst-in-window", "blind RSTs inside the window but not at its left edge: one challenge ACK; data goes on")
def rst_in_window():
    talk, client, server = begin()
    server.send(1000)
    client.ack()
    server.segment(seq=server.next + 1, flags="R")
    client.ack()
    server.segment(seq=server.next + 400, flags="R")
    server.segment(seq=server.next + 60_000, flags="RA")
    server.send(1000)
    client.ack()
    return end(talk)


@crafted("rst-exact", "data, then an RST exactly at the next number, then data that no longer counts")
def rst_exact():
    talk, client, server = begin()
    server.send(1000)
    client.ack()
    server.segment(flags="R")
    server.send(500)
    return pcap(talk.tape.frames)


@crafted("rst-with-text", "an RST that carries a reason as payload, after unread data", ip="6")
def rst_with_text():
    talk, client, server = begin(ip=6)
    server.send(1400)
    server.segment(flags="RA", payload=b"service is going down\n")
    return pcap(talk.tape.frames)


@crafted("syn-in-window", "blind SYNs and SYN-ACKs inside, before and behind the window: challenge ACKs; data goes on")
def syn_in_window():
    talk, client, server = begin()
    server.send(1000)
    client.ack()
    for distance, flags in ((700, "S"), (701, "SA"), (-300, "S"), (200_000, "S")):
        server.segment(seq=server.next + distance, flags=flags, options=talk.syn_options(server))
        client.ack()
    server.send(1000)
    client.ack()
    return end(talk)


@crafted("blind-data", "in-window data with an ACK of what was never sent, and with one far too old, both dropped")
def blind_data():
    talk, client, server = begin()
    server.send(1000)
    client.ack()
    server.segment(payload=text("blind", 0, 300), ack=client.next + 5000)
    client.ack()
    server.segment(payload=text("blind", 0, 300), ack=client.next - 2**30)
    client.ack()
    server.segment(payload=text("noack", 0, 300), flags="P")
    server.send(1000)
    client.ack()
    return end(talk)


@crafted("checksum-tcp-bad", "segments with a wrong TCP checksum and wrong bytes, later sent again right")
def checksum_tcp_bad():
    talk, client, server = begin()
    server.send(1000)
    client.ack()
    server.segment(payload=text("wrong", 0, 1000), spoil_tcp=True, old=True)
    server.segment(flags="RA", spoil_tcp=True, old=True)
    server.segment(offset=2000, length=1000)
    client.ack(1000, options=client.timestamps() + client.sack((2000, 3000)))
    server.segment(offset=1000, length=1000, flags="PA")
    server.sent = 3000
    client.ack(3000)
    server.segment(flags="FA", spoil_tcp=True, old=True)
    server.send(100)
    client.ack()
    return end(talk)


@crafted("checksum-tcp-bad-v6", "the same over IPv6: a wrong TCP checksum on data and on an ACK", ip="6")
def checksum_tcp_bad_v6():
    talk, client, server = begin(ip=6)
    server.segment(payload=text("wrong", 0, 900), spoil_tcp=True, old=True)
    client.send(200)
    server.segment(ack=client.next, spoil_tcp=True, old=True)
    talk.tape.tick(200)
    server.send(900)
    client.ack()
    server.ack()
    return end(talk)


@crafted("checksum-ip-bad", "an IPv4 header with a wrong checksum over data, then the same data right")
def checksum_ip_bad():
    talk, client, server = begin()
    server.send(1000)
    client.ack()
    server.segment(payload=text("wrong", 0, 700), spoil_ip=True, old=True)
    talk.tape.tick(200)
    server.send(700)
    client.ack()
    return end(talk)


@crafted("urgent", "urgent data with payload in the middle of a flight, then more data",
         verdict="pass; the target asks for upload at the urgent segment, compare up to there")
def urgent():
    talk, client, server = begin()
    server.send(1000)
    client.ack()
    server.send(500, flags="PAU", urgent=10)
    server.send(500)
    client.ack()
    return end(talk)


@crafted("urgent-pointers", "URG out of window, then pointers 0, past the payload and 65535",
         verdict="pass; upload is asked for at the first URG in window, compare up to there")
def urgent_pointers():
    talk, client, server = begin()
    server.send(1000)
    client.ack()
    server.segment(seq=server.next - 900, payload=text("s1", 100, 50), flags="AU", urgent=5)
    client.ack()
    for pointer in (0, 200, 65535):
        server.send(100, flags="AU", urgent=pointer)
        client.ack()
    return end(talk)


@crafted("keepalive-filler", "keepalives with no byte, with the right one and with wrong ones, each answered")
def keepalive_filler():
    talk, client, server = begin()
    server.send(1000)
    client.ack()
    for payload in (b"", text("s1", 999, 1), b"\0", b"#"):
        talk.tape.tick(1000)
        server.segment(seq=server.next - 1, payload=payload)
        client.ack()
    server.send(500)
    client.ack()
    return end(talk)


@crafted("zero-window", "each end closes its window: probes with no byte, with one refused, with one that is taken")
def zero_window():
    talk, client, server = begin(scale=None, window=2000)
    server.send(1000)
    server.send(1000)
    client.ack(window=0)
    for wait in (300, 600):
        talk.tape.tick(wait)
        server.segment(offset=2000, length=1)
        client.ack(2000, window=0)
    talk.tape.tick(1200)
    server.segment(seq=server.next - 1)
    client.ack(2000, window=0)
    talk.tape.tick(2400)
    server.send(1)
    client.ack(window=1)
    server.send(1)
    client.ack(window=2000)
    server.send(998)
    client.ack()
    client.send(1000)
    server.ack(window=0)
    talk.tape.tick(300)
    client.segment(offset=1120, length=1)
    server.ack(1120, window=0)
    server.ack(window=2000)
    client.send(880)
    server.ack()
    return end(talk)


@crafted("ack-of-unseen-bytes", "an acknowledgement of 2 GB that nobody sent",
         partial="no close in the capture", verdict="inconclusive")
def ack_of_unseen_bytes():
    talk, client, server = begin()
    server.send(1)
    client.ack(2**31 - 2**24)
    return pcap(talk.tape.frames)


@crafted("rst-syn-with-text", "the answer to the SYN is a SYN with RST that carries text: no connection, no byte", ip="6",
         partial="no handshake in the capture")
def rst_syn_with_text():
    talk = Conversation(ip=6)
    talk.client.segment(flags="S", seq=talk.client.iss, options=talk.syn_options(talk.client))
    talk.server.segment(flags="RS", seq=talk.server.iss, payload=b"no service is here")
    talk.server.segment(flags="FA", seq=talk.server.iss + 1, ack=talk.client.iss + 1)
    talk.client.segment(flags="FA", ack=talk.server.iss + 2)
    return pcap(talk.tape.frames)


@crafted("midstream-fins-only", "the last two segments of a conversation, without a byte",
         partial="no handshake in the capture")
def midstream_fins_only():
    talk, client, server = begin()
    del talk.tape.frames[:]
    client.finish()
    server.ack()
    return pcap(talk.tape.frames)
