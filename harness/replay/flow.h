/* SPDX-License-Identifier: MIT
 *
 * TCP conversations of a capture: which packets belong together, who is the client, what the
 * handshake agreed, which checksums are a capture's artefact, and the byte streams that a right
 * receiver gets.
 */
#ifndef REPLAY_FLOW_H
#define REPLAY_FLOW_H

#include "replay/capture.h"
#include "replay/stream.h"

enum flow_side { FLOW_CLIENT = 0, FLOW_SERVER = 1 };

enum flow_kind {
    FLOW_SEGMENT,
    FLOW_PIECE,   /* an IP fragment of a later segment: no meaning of its own */
    FLOW_DAMAGED, /* shorter on the wire than its headers say: any target drops it */
};

struct flow_packet {
    uint64_t time_ns;
    uint32_t number; /* in the file, from 1 */
    uint8_t from;    /* enum flow_side */
    uint8_t kind;
    uint8_t flags;        /* SEG_* */
    bool unusual;         /* IP options, extension headers, fragments: goes by way of the host */
    bool assembled;       /* put together from fragments: never stood on the wire like this */
    bool cut;             /* the snap length took part of the payload */
    bool header_cut;      /* ... or of the TCP header: fields below are not to be trusted */
    bool options_cut;     /* ... or of its options alone: what is missing of them is left out */
    bool bad_tcp, bad_ip; /* checksum wrong */
    bool offload;         /* its TCP checksum looks like one that a card was to finish */
    bool repair;          /* checksums are to be put right */
    bool ignored;         /* a right receiver drops it: its payload is not in the stream */
    bool final;           /* a reset at the very next number of its sender */
    bool ack_blind;       /* its ACK was never meant: leave it as it is */
    bool have_ts;
    uint16_t window, urgent;
    uint32_t seq, ack;
    uint32_t ts_value, ts_echo;
    uint32_t tcp_at, tcp_header;
    uint32_t payload;     /* bytes on the wire */
    uint32_t captured;    /* of them in the file */
    uint32_t length;      /* of bytes */
    const uint8_t *bytes; /* the datagram from its IP header on */
    int64_t offset;       /* of its payload in its sender's stream */
    uint32_t stream;      /* tshark's tcp.stream */
    bool stored;          /* the bytes are its own, else the file's */
};

struct flow_end {
    uint8_t address[16];
    uint16_t port;
    bool syn_seen;
    bool base_known;
    uint32_t base;            /* sequence number of stream offset 0 */
    uint16_t syn_window, mss; /* mss 0: not announced */
    bool has_scale, has_ts, has_sack;
    uint8_t scale;
    uint32_t syn_ts;
    uint64_t ack_most;    /* highest offset of the other end's stream that it acknowledged */
    uint64_t window_most; /* bytes, largest window that it announced */
    uint32_t packets;
};

enum flow_start { START_HANDSHAKE, START_MIDSTREAM, START_NONE };

struct flow {
    uint32_t stream; /* tshark's tcp.stream of its first packet */
    bool v6;
    struct flow_end end[2];
    struct flow_packet *packet;
    uint32_t packets;
    enum flow_start started;
    bool handshake; /* all three segments are in the capture */
    uint32_t start; /* first packet after the connection is established at both ends */
    bool timestamps, sack, scaling;
    bool one_sided, header_cut;
    bool adaptive;         /* what the capture lacks is made up */
    struct stream data[2]; /* by sender */
    int64_t prefix[2];     /* bytes of each stream that came with the handshake */
    bool fin_made[2];      /* the FIN of a stream is made up */
    uint64_t missing[2];   /* first hole of each stream, in bytes */
    uint64_t cut_at[2];    /* stream offset from which payload was cut by the snap length */
};

/* Conversations of a file, or of a part of it. */
struct flow_file {
    struct flow *flow;
    uint32_t flows, room;
    struct capture_map *map; /* where packets have their bytes, NULL = in memory of their own */
    uint32_t packets, tcp_packets, unknown_links;
    uint64_t payload; /* of all packets on the wire */
    char damage[512]; /* the capture could not be read to its end: why; "" = it was */
    bool last;        /* no further part comes */
};

enum flow_checksums { CHECKSUMS_AUTO, CHECKSUMS_KEEP, CHECKSUMS_FIX };

/* What the packets of one file may take at most; 0 = half of the machine's memory. */
void flow_memory(uint64_t bytes);

struct filter;

struct flow_reading {
    enum flow_checksums checksums;
    bool adaptive; /* make up what the capture lacks, so that the rest can be judged */
    struct filter
        *filter; /* NULL = all packets; conversations keep the numbers of the whole file */
    /* Called now and then; share: how much of the file was read, of 1, below 0 = nobody knows. May
     * be NULL. */
    void (*progress)(void *context, uint32_t packets, double share);
    void *context;
};

/* A file is read in parts, so that its size does not matter: a part ends when what is held has
 * become large, and holds the conversations that are closed by then. */
struct flow_reader;

/* NULL: nothing can be read, error is one line. */
struct flow_reader *flow_open(const char *path, const struct flow_reading *how, char *error,
                              size_t size);
/* The next part, of the whole file when whole is set. False: one line in error, and no further
 * part. Else flow_file_fini gives the part back; the counts are those of the file so far. */
bool flow_more(struct flow_reader *reader, bool whole, struct flow_file *out, char *error,
               size_t size);
void flow_close(struct flow_reader *reader);
void flow_file_fini(struct flow_file *file);

/* All at once. False: nothing could be read, error is one line. */
bool flow_file_read(const char *path, const struct flow_reading *how, struct flow_file *out,
                    char *error, size_t size);

/* Bytes of receive window that an end is credited with: what the capture shows at the most, 64 KiB
 * at least, and no more than its window field can say. */
uint32_t flow_window(const struct flow *flow, enum flow_side side);
/* ... and that a replay gives it: small ones as they are, when the remote end can wait. */
uint32_t flow_window_given(const struct flow *flow, enum flow_side side);
const uint8_t *flow_payload(const struct flow_packet *packet);
/* "192.0.2.1:80" or "[2001:db8::1]:80". */
void flow_end_text(const struct flow *flow, enum flow_side side, char *text, size_t size);
/* Stream offset of a sequence number near a known offset. */
int64_t flow_offset(uint32_t base, uint64_t near, uint32_t seq);

/* ---- Parts of flow_file_read, in their order ---- */
/* Fills in the TCP fields from packet->bytes. */
void flow_parse(struct flow_packet *packet, uint32_t tcp_length);
void flow_parse_syn(const struct flow_packet *packet, struct flow_end *end);
void flow_handshake(struct flow *flow);
void flow_sums(struct flow *flow, enum flow_checksums checksums);
void flow_streams(struct flow *flow);

#endif
