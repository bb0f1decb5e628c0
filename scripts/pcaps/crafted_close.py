"""Crafted captures about the ends of a conversation: FINs in every order, data behind them, data on the SYN."""

from .catalogue import crafted
from .crafted_order import begin, end
from .container import pcap
from .conversation import Conversation, option
from .payload import text


@crafted("fin-data-after", "bytes behind the server's FIN, in the same and in later segments, never delivered")
def fin_data_after():
    talk, client, server = begin()
    server.send(1000)
    client.ack()
    server.finish()
    client.ack()
    server.segment(payload=text("after", 0, 300))
    client.ack()
    server.segment(seq=server.next - 1, payload=text("after", 0, 300), flags="PA")
    client.ack()
    client.send(200)
    server.ack()
    client.finish()
    server.ack()
    return pcap(talk.tape.frames)


@crafted("fin-out-of-order", "a FIN with data arrives before the hole in front of it is filled")
def fin_out_of_order():
    talk, client, server = begin()
    server.send(1000)
    client.ack()
    server.segment(offset=2000, length=500, flags="FPA")
    client.ack(1000, options=client.timestamps() + client.sack((2000, 2501)))
    server.segment(offset=1000, length=400)
    client.ack(1400, options=client.timestamps() + client.sack((2000, 2501)))
    server.segment(offset=1400, length=600)
    server.sent, server.fin = 2500, True
    client.acks = server.next
    client.ack()
    client.finish()
    server.ack()
    return pcap(talk.tape.frames)


@crafted("fin-twice", "the FIN comes again three times, alone and with the data before it")
def fin_twice():
    talk, client, server = begin()
    server.send(1000, flags="PA")
    server.finish()
    client.ack()
    for fields in ({"seq": server.next - 1}, {"offset": 500, "length": 500}, {"offset": 0, "length": 1000}):
        talk.tape.tick(200)
        server.segment(flags="FA", **fields)
        client.ack()
    client.send(300)
    client.finish()
    server.ack()
    return pcap(talk.tape.frames)


@crafted("fin-two-places", "two FINs held out of order at different numbers; the data between decides for neither",
         verdict="pass; the conflicting FIN is dropped, the one reached in order counts")
def fin_two_places():
    talk, client, server = begin()
    server.send(500)
    client.ack()
    server.segment(offset=1000, length=500, flags="FA")
    client.ack(500, options=client.timestamps() + client.sack((1000, 1501)))
    server.segment(offset=1000, length=200, flags="FA")
    client.ack(500, options=client.timestamps() + client.sack((1000, 1201)))
    server.segment(offset=500, length=500)
    client.ack(1000)
    talk.tape.tick(200)
    server.segment(offset=1000, length=500, flags="FA")
    server.sent, server.fin = 1500, True
    client.acks = server.next
    client.ack()
    client.finish()
    server.ack()
    return pcap(talk.tape.frames)


@crafted("fin-on-data", "every FIN rides on the last data segment; both ends close in one exchange", ip="6")
def fin_on_data():
    talk, client, server = begin(ip=6)
    server.segment(offset=0, length=900, flags="FPA")
    server.sent, server.fin = 900, True
    client.acks = server.next
    client.segment(offset=120, length=60, flags="FPA")
    client.sent, client.fin = 180, True
    server.acks = client.next
    server.ack()
    return pcap(talk.tape.frames)


@crafted("fin-simultaneous", "the FINs cross; each end acknowledges the other's while its own is outstanding")
def fin_simultaneous():
    talk, client, server = begin()
    server.send(1000)
    client.ack()
    server.segment(flags="FA")
    client.segment(flags="FA")
    server.fin = client.fin = True
    client.acks, server.acks = server.next, client.next
    client.ack()
    server.ack()
    return pcap(talk.tape.frames)


@crafted("syn-data", "data on the SYN with a fast-open cookie, and on the SYN-ACK")
def syn_data():
    talk = Conversation()
    client, server = talk.client, talk.server
    cookie = option(34, bytes.fromhex("0123456789abcdef")) + b"\x01\x01"
    client.segment(seq=client.iss, payload=text("c1", 0, 100), flags="S", options=talk.syn_options(client) + cookie)
    client.sent = 100
    server.acks = client.next
    server.segment(seq=server.iss, payload=text("s1", 0, 200), flags="SA", options=talk.syn_options(server))
    server.sent = 200
    client.acks = server.next
    client.ack()
    server.send(1000)
    client.ack()
    return end(talk)


@crafted("midstream", "no handshake: capture and conversation begin in the middle, options unknown but timestamps",
         conversations=1, partial="begins in mid-stream",
         verdict="pass from mid-stream state; window scale unknown, so windows count as raw")
def midstream():
    talk = Conversation(scale=None, window=20000)
    client, server = talk.client, talk.server
    client.sent, server.sent = 5000, 70_000
    client.acks, server.acks = server.next, client.next
    for _ in range(5):
        server.send(1200)
        client.ack()
    client.send(400)
    server.send(300)
    client.ack()
    return end(talk)


@crafted("missing-segment", "the client acknowledges 1200 bytes that the capture does not hold",
         partial="capture lost 1200 bytes", verdict="inconclusive: capture lost 1200 bytes at 2400 from the server")
def missing_segment():
    talk, client, server = begin()
    server.send(1200)
    server.send(1200)
    client.ack()
    server.lose(1200)
    server.send(1200)
    client.ack()
    server.send(600)
    client.ack()
    return end(talk)


@crafted("one-direction", "only the server's frames were captured", partial="the client's frames are missing",
         verdict="inconclusive: one direction only")
def one_direction():
    talk, client, server = begin()
    for _ in range(4):
        server.send(1000)
        client.ack()
    talk.close()
    return pcap([(when, frame) for when, frame in talk.tape.frames if frame[6:12] == b"\x02\0\0\0\0\x02"])


@crafted("cut-at-the-end", "the capture was stopped before any end closed", partial="no close in the capture")
def cut_at_the_end():
    talk, client, server = begin()
    for _ in range(3):
        server.send(1000)
        client.ack()
    return pcap(talk.tape.frames)


@crafted("handshake-only", "a handshake, then a close without a byte of data", ip="6")
def handshake_only():
    talk = Conversation(ip=6)
    talk.handshake()
    talk.tape.tick(50)
    return end(talk)


@crafted("port-reused", "one conversation ends with RST, another one on the same ports and other numbers follows",
         conversations=2)
def port_reused():
    first, client, server = begin()
    server.send(700)
    client.ack()
    client.segment(flags="RA")
    first.tape.tick(300)
    talk = Conversation(first.tape, client_iss=0x7000_0000, server_iss=0x7FFF_FF00)
    talk.handshake()
    talk.request(200)
    talk.server.send(900)
    talk.client.ack()
    return end(talk)
