"""Crafted captures about the order of bytes: overlaps, duplicates, holes, the wrap of sequence numbers."""

from .catalogue import crafted
from .container import pcap
from .conversation import Conversation
from .payload import text


def begin(**fields):
    """A conversation whose client has asked for something."""
    talk = Conversation(**fields)
    talk.handshake()
    talk.request()
    return talk, talk.client, talk.server


def end(talk) -> bytes:
    """Closes the conversation and returns its capture file."""
    talk.close()
    return pcap(talk.tape.frames)


@crafted("overlap-same", "segments that overlap old, held and new data in every way, all copies alike")
def overlap_same():
    talk, client, server = begin()
    server.send(1000)
    client.ack()
    server.segment(offset=500, length=1000, flags="PA")   # tail is new
    client.ack(1500)
    server.segment(offset=2000, length=500)               # a hole before it
    client.ack(1500, options=client.timestamps() + client.sack((2000, 2500)))
    server.segment(offset=1800, length=400)               # overlaps the held one's front
    client.ack(1500, options=client.timestamps() + client.sack((1800, 2500)))
    server.segment(offset=2400, length=400)               # overlaps its tail
    client.ack(1500, options=client.timestamps() + client.sack((1800, 2800)))
    server.segment(offset=1900, length=300)               # inside
    client.ack(1500, options=client.timestamps() + client.sack((1900, 2200), (1800, 2800)))
    server.segment(offset=1200, length=1448, flags="PA")  # covers old data, the hole and most of what is held
    server.sent = 2800
    client.ack(2800)
    return end(talk)


@crafted("overlap-different", "overlapping segments whose copies differ (upper against lower case)",
         verdict="pass; either copy of an overlapped byte is right, none may change once acknowledged")
def overlap_different():
    talk, client, server = begin()
    server.send(600)
    client.ack()
    server.segment(offset=1000, length=400)
    client.ack(600, options=client.timestamps() + client.sack((1000, 1400)))
    server.segment(offset=800, payload=text("s1", 800, 500).upper())
    client.ack(600, options=client.timestamps() + client.sack((800, 1400)))
    server.segment(offset=1200, payload=text("s1", 1200, 600).upper())
    client.ack(600, options=client.timestamps() + client.sack((800, 1800)))
    server.segment(offset=300, payload=text("s1", 300, 700).upper(), flags="PA")  # old bytes, the hole, held bytes
    server.sent = 1800
    client.ack(1800)
    return end(talk)


@crafted("duplicates-old", "whole segments, parts and bare ACKs again long after they were acknowledged")
def duplicates_old():
    talk, client, server = begin()
    for _ in range(6):
        server.send(1000)
        client.ack()
    talk.tape.tick(40)
    for offset, length in ((0, 1000), (3000, 1000), (5500, 500), (999, 2), (0, 1)):
        server.segment(offset=offset, length=length, tsval=server.clock())
        client.ack(6000, options=client.timestamps() + client.sack((offset, offset + length)))
    server.segment(ack=client.sequence(60))
    server.segment(ack=client.sequence(0))
    server.send(500)
    client.ack()
    return end(talk)


@crafted("holes-three", "three holes at once, filled last to first, SACK blocks on the way")
def holes_three():
    talk, client, server = begin()
    size = 1000
    server.lose(size)
    held = []
    for index in (1, 3, 5):
        server.segment(offset=index * size, length=size)
        held.insert(0, (index * size, (index + 1) * size))
        client.ack(0, options=client.timestamps() + client.sack(*held))
    for index, blocks in ((4, ((3, 6), (1, 2))), (2, ((1, 6),))):
        server.segment(offset=index * size, length=size)
        edges = [(low * size, high * size) for low, high in blocks]
        client.ack(0, options=client.timestamps() + client.sack(*edges))
    server.segment(offset=0, length=size, flags="PA")
    server.sent = 6 * size
    client.ack(6 * size)
    return end(talk)


@crafted("reverse-order", "one flight of eight segments that arrives wholly backwards, without SACK")
def reverse_order():
    talk, client, server = begin(sack=False)
    for index in range(7, -1, -1):
        server.segment(offset=index * 700, length=700, flags="PA" if index == 7 else "A")
        client.ack(0 if index else 8 * 700)
    server.sent = 8 * 700
    return end(talk)


@crafted("dsack", "segments sent twice, each answered with a D-SACK: below the ACK, and inside a held block")
def dsack():
    talk, client, server = begin()
    server.send(1000)
    client.ack()
    server.segment(offset=0, length=1000)
    client.ack(1000, options=client.timestamps() + client.sack((0, 1000)))
    server.segment(offset=2000, length=1000)
    client.ack(1000, options=client.timestamps() + client.sack((2000, 3000)))
    server.segment(offset=2000, length=1000)
    client.ack(1000, options=client.timestamps() + client.sack((2000, 3000), (2000, 3000)))
    server.segment(offset=552, length=1448)
    server.sent = 3000
    client.ack(3000, options=client.timestamps() + client.sack((552, 1000)))
    client.send(880)
    client.send(1120)
    server.ack(1000, options=server.timestamps() + server.sack((0, 500)))
    server.ack(2120, options=server.timestamps() + server.sack((120, 620)))
    return end(talk)


@crafted("wrap-data", "sequence numbers of both ends pass 2^32 in the middle of a segment")
def wrap_data():
    talk, client, server = begin(client_iss=2**32 - 200, server_iss=2**32 - 3000)
    for _ in range(6):
        server.send(1448)
        client.ack()
        client.send(100)
        server.ack()
    return end(talk)


@crafted("wrap-reordered", "out-of-order segments, overlaps and SACK blocks on both sides of the wrap")
def wrap_reordered():
    talk, client, server = begin(server_iss=2**32 - 2500)
    server.send(1000)
    client.ack()
    server.segment(offset=3000, length=1000)
    client.ack(1000, options=client.timestamps() + client.sack((3000, 4000)))
    server.segment(offset=2000, length=1000)              # holds the wrap: 2^32 is its byte 499
    client.ack(1000, options=client.timestamps() + client.sack((2000, 4000)))
    server.segment(offset=500, length=100)                # old, before the wrap
    client.ack(1000, options=client.timestamps() + client.sack((500, 600), (2000, 4000)))
    server.segment(offset=900, length=1200, flags="PA")
    server.sent = 4000
    client.ack(4000)
    server.segment(offset=2400, length=200)               # old, over the wrap
    client.ack(4000, options=client.timestamps() + client.sack((2400, 2600)))
    return end(talk)


@crafted("wrap-syn", "initial sequence number 2^32 - 1 at both ends: the first byte is number 0")
def wrap_syn():
    talk, client, server = begin(client_iss=2**32 - 1, server_iss=2**32 - 1)
    server.send(1000)
    client.ack()
    return end(talk)


@crafted("wrap-fin", "the FIN of the server is number 2^32 - 1, that of the client number 0")
def wrap_fin():
    talk, client, server = begin(client_iss=2**32 - 121, server_iss=2**32 - 1002)
    server.send(1000)
    client.ack()
    return end(talk)


@crafted("paws", "old segments come again, with timestamps older than the last: data, FIN, one before the wrap")
def paws():
    talk, client, server = begin(server_iss=2**32 - 1500)
    stale = server.clock()
    talk.tape.tick(30)
    for _ in range(3):
        server.send(1000)
        client.ack()
    talk.tape.tick(30)
    server.segment(seq=server.next, payload=text("stale", 0, 800), tsval=stale)   # in window, must not be taken
    client.ack()
    server.segment(offset=0, length=1000, tsval=stale)
    client.ack()
    server.segment(seq=server.next, flags="FA", tsval=stale)
    client.ack()
    server.send(700)
    client.ack()
    return end(talk)


@crafted("mss-536", "full segments of 536 bytes, small ones between, no option but MSS")
def mss_536():
    talk, client, server = begin(mss_size=536, ts=False, sack=False, scale=None)
    for length in (536, 536, 1, 536, 535, 536, 24):
        server.send(length)
        client.ack()
    client.send(536)
    client.send(536)
    server.ack()
    return end(talk)


@crafted("round-trip-of-the-handshake", "the handshake and the first exchange take equally long, between two ticks of "
         "the timestamp clock", partial="no close in the capture")
def round_trip_of_the_handshake():
    talk = Conversation()
    client, server = talk.client, talk.server
    client.segment(seq=client.iss, flags="S", options=talk.syn_options(client), window=64240)
    talk.tape.tick(117.7)
    server.acks = client.sequence(0)
    server.segment(seq=server.iss, flags="SA", options=talk.syn_options(server), window=65160)
    client.acks = server.sequence(0)
    client.ack()
    talk.tape.tick(0.6)
    client.send(656)
    talk.tape.tick(117.6)
    server.ack()
    server.send(1448)
    client.ack()
    return pcap(talk.tape.frames)


@crafted("interleaved-ten", "ten conversations between the same hosts, frame by frame in turn, closes in turn",
         conversations=10)
def interleaved_ten():
    talks = [Conversation(number=1)]
    talks += [Conversation(talks[0].tape, number=n, client_iss=n * 0x1999_9999, server_iss=-n * 0x1111_1111 % 2**32)
              for n in range(2, 11)]
    for talk in talks:
        talk.handshake()
    for talk in talks:
        talk.client.send(50 + talk.client.port % 7 * 10)
    for turn in range(6):
        for talk in talks[turn % 3:] + talks[:turn % 3]:
            talk.server.send(300 + 50 * turn)
        for talk in talks[::-1]:
            talk.client.ack()
    for talk in talks:
        talk.close()
    return pcap(talks[0].tape.frames)
