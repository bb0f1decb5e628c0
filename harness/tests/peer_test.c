/* SPDX-License-Identifier: MIT
 *
 * Frames of the rig's own remote end, and its memory of what was sent and received.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/payload.h"
#include "peer/peer.h"

static uint8_t frame[SEGMENT_FRAME_MAX], payload[SEGMENT_FRAME_MAX];

static struct segment sample(bool ipv6, bool tagged)
{
    struct segment s;
    memset(&s, 0, sizeof(s));
    s.ipv6 = ipv6;
    s.tagged = tagged;
    s.vlan = 42;
    s.priority = 5;
    s.from.port = 80;
    s.to.port = 5000;
    s.from.address[0] = 10;
    s.to.address[0] = 11;
    s.ttl = 64;
    s.seq = 0xFFFFFFF0u;
    s.ack = 7;
    s.flags = SEG_ACK | SEG_PSH;
    s.window = 1234;
    s.have_ts = true;
    s.ts_value = 99;
    s.ts_echo = 98;
    s.sack_blocks = 2;
    s.sack[0][0] = 10;
    s.sack[0][1] = 20;
    s.sack[1][0] = 30;
    s.sack[1][1] = 40;
    s.payload = payload;
    s.length = 777;
    return s;
}

static void a_frame_reads_back_as_it_was_built(void **state)
{
    (void)state;
    for (int form = 0; form < 4; form++) {
        struct segment in = sample(form & 1, form & 2), out;
        payload_fill(payload, 3, PAYLOAD_TO_TARGET, 55, in.length, 0);
        uint32_t length = segment_build(&in, frame);
        assert_true(segment_read(frame, length, &out));
        assert_false(out.bad_tcp_checksum || out.bad_ip_checksum);
        assert_int_equal(out.tagged ? out.vlan : 42, 42);
        assert_int_equal(out.seq, in.seq);
        assert_int_equal(out.window, in.window);
        assert_int_equal(out.ts_value, 99);
        assert_int_equal(out.sack_blocks, 2);
        assert_int_equal(out.sack[1][1], 40);
        assert_int_equal(out.length, 777);
        assert_memory_equal(out.payload, payload, 777);
    }
}

static void every_damaged_byte_of_a_segment_shows_in_a_checksum(void **state)
{
    (void)state;
    struct segment in = sample(false, false), out;
    uint32_t length = segment_build(&in, frame);
    for (uint32_t at = 34; at < length; at++) {
        frame[at] ^= 0x55;
        bool read = segment_read(frame, length, &out);
        if (read && !out.bad_tcp_checksum) {
            fail_msg("damage at byte %u goes unseen", at);
        }
        frame[at] ^= 0x55;
    }
}

static void truncated_frames_are_no_segments(void **state)
{
    (void)state;
    struct segment in = sample(true, true), out;
    uint32_t length = segment_build(&in, frame);
    for (uint32_t cut = 0; cut < length; cut++) {
        assert_false(segment_read(frame, cut, &out));
    }
}

static void the_peer_joins_what_it_sent_ahead(void **state)
{
    (void)state;
    struct peer_conn peer;
    struct segment out;
    memset(&peer, 0, sizeof(peer));
    peer.irs = peer.snd_nxt = peer.snd_una = 0xFFFFFF00u;
    struct peer_send ahead = {.offset = 100, .length = 50}, gap = {.length = 100};
    peer_segment(&peer, &ahead, payload, &out);
    assert_int_equal(peer.snd_nxt, 0xFFFFFF00u);
    assert_int_equal(out.seq, 0xFFFFFF64u);
    peer_segment(&peer, &gap, payload, &out);
    assert_int_equal(peer.snd_nxt, 0xFFFFFF00u + 150);
    struct peer_send fin = {.flags = SEG_FIN};
    peer_segment(&peer, &fin, payload, &out);
    assert_int_equal(peer.snd_nxt, 0xFFFFFF00u + 151);
    struct peer_send blind = {.flags = SEG_RST};
    peer_segment(&peer, &blind, payload, &out);
    assert_int_equal(peer.snd_nxt, 0xFFFFFF00u + 151);
}

static void payload_names_every_byte(void **state)
{
    (void)state;
    uint8_t whole[4096], piece[100];
    payload_fill(whole, 1, PAYLOAD_TO_TARGET, 0, sizeof(whole), 0);
    for (uint32_t at = 0; at + 100 < sizeof(whole); at += 37) {
        payload_fill(piece, 1, PAYLOAD_TO_TARGET, at, 100, 0);
        assert_memory_equal(piece, whole + at, 100);
        payload_fill(piece, 1, PAYLOAD_TO_TARGET, at, 100, 0x5A);
        for (uint32_t i = 0; i < 100; i++) {
            assert_int_not_equal(piece[i], whole[at + i]);
        }
        payload_fill(piece, 1, PAYLOAD_FROM_TARGET, at, 100, 0);
        assert_memory_not_equal(piece, whole + at, 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_reads_back_as_it_was_built),
        cmocka_unit_test(every_damaged_byte_of_a_segment_shows_in_a_checksum),
        cmocka_unit_test(truncated_frames_are_no_segments),
        cmocka_unit_test(the_peer_joins_what_it_sent_ahead),
        cmocka_unit_test(payload_names_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
