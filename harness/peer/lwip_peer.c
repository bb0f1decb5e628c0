/* SPDX-License-Identifier: MIT */
#include "peer/lwip_peer.h"

#include <lwip/init.h>
#include <lwip/ip4.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/sys.h>
#include <lwip/tcp.h>
#include <string.h>

#define MS 1000000u
#define ETHERNET 14u
#define MTU 1500u
#define CHUNK 4096u

static struct {
    struct lwip_peer_options options;
    struct lwip_peer_status status;
    struct netif netif;
    struct tcp_pcb *pcb, *listener;
    uint64_t now_ns, tick_ns;
    bool shut; /* our FIN is queued */
} peer;

/* Replaces the library's own, which reads the wall clock. */
u32_t sys_now(void)
{
    return (u32_t)(peer.now_ns / MS);
}

static err_t lwip_peer_frame_out(struct netif *netif, struct pbuf *p, const ip4_addr_t *to)
{
    static uint8_t frame[ETHERNET + MTU];
    (void)netif, (void)to;
    if (p->tot_len > MTU) {
        return ERR_BUF;
    }
    memcpy(frame, peer.options.target.mac, 6);
    memcpy(frame + 6, peer.options.local.mac, 6);
    frame[12] = 0x08;
    frame[13] = 0x00;
    pbuf_copy_partial(p, frame + ETHERNET, p->tot_len, 0);
    peer.options.frame_out(peer.options.context, frame, ETHERNET + p->tot_len);
    return ERR_OK;
}

static err_t netif_up(struct netif *netif)
{
    netif->name[0] = 'c';
    netif->name[1] = 's';
    netif->mtu = MTU;
    netif->hwaddr_len = 6;
    memcpy(netif->hwaddr, peer.options.local.mac, 6);
    netif->output = lwip_peer_frame_out;
    netif->flags = NETIF_FLAG_UP | NETIF_FLAG_LINK_UP;
    return ERR_OK;
}

/* Gives lwIP what fits into its send buffer, and the FIN behind the last byte. */
static void feed(void)
{
    static uint8_t chunk[CHUNK];
    uint64_t left = peer.options.bytes - peer.status.given;
    while (left && peer.pcb) {
        uint32_t room = tcp_sndbuf(peer.pcb);
        uint32_t take = room < CHUNK ? room : CHUNK;
        take = take < left ? take : (uint32_t)left;
        if (!take || tcp_sndqueuelen(peer.pcb) + CHUNK / TCP_MSS + 2 > TCP_SND_QUEUELEN) {
            break;
        }
        peer.options.give(peer.options.context, peer.status.given, chunk, take);
        if (tcp_write(peer.pcb, chunk, (u16_t)take, TCP_WRITE_FLAG_COPY) != ERR_OK) {
            break;
        }
        peer.status.given += take;
        left -= take;
    }
    if (!left && peer.pcb && !peer.shut && !peer.options.stays) {
        peer.shut = tcp_shutdown(peer.pcb, 0, 1) == ERR_OK;
    }
    if (peer.pcb) {
        tcp_output(peer.pcb);
    }
}

static void close_when_done(void)
{
    if (peer.pcb && peer.shut && peer.status.eof && peer.status.acked == peer.options.bytes) {
        tcp_arg(peer.pcb, NULL);
        tcp_recv(peer.pcb, NULL);
        tcp_sent(peer.pcb, NULL);
        tcp_err(peer.pcb, NULL);
        tcp_close(peer.pcb); /* lwIP goes through TIME_WAIT by itself */
        peer.pcb = NULL;
        peer.status.closed = true;
    }
}

static err_t on_recv(void *argument, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    (void)argument, (void)error;
    if (!p) {
        peer.status.eof = true;
        feed();
        close_when_done();
        return ERR_OK;
    }
    for (const struct pbuf *piece = p; piece; piece = piece->next) {
        peer.options.take(peer.options.context, piece->payload, piece->len);
        peer.status.taken += piece->len;
    }
    tcp_recved(pcb, p->tot_len);
    pbuf_free(p);
    return ERR_OK;
}

static err_t on_sent(void *argument, struct tcp_pcb *pcb, u16_t length)
{
    (void)argument, (void)pcb;
    peer.status.acked += length;
    feed();
    close_when_done();
    return ERR_OK;
}

static void on_error(void *argument, err_t error)
{
    (void)argument;
    peer.pcb = NULL; /* lwIP has freed it */
    peer.status.failed = true;
    peer.status.error = (int)error; /* a small number, signed */
}

static err_t on_established(void *argument, struct tcp_pcb *pcb, err_t error)
{
    (void)argument;
    if (error != ERR_OK || !pcb) {
        return ERR_VAL;
    }
    peer.pcb = pcb;
    peer.status.established = true;
    tcp_recv(pcb, on_recv);
    tcp_sent(pcb, on_sent);
    tcp_err(pcb, on_error);
    feed();
    return ERR_OK;
}

static void address_of(const struct endpoint *end, ip_addr_t *out)
{
    IP_ADDR4(out, end->address[0], end->address[1], end->address[2], end->address[3]);
}

bool lwip_peer_open(const struct lwip_peer_options *options, uint64_t now_ns)
{
    memset(&peer, 0, sizeof(peer));
    peer.options = *options;
    peer.now_ns = now_ns;
    peer.tick_ns = now_ns + (uint64_t)TCP_TMR_INTERVAL * MS;
    lwip_init();
    ip_addr_t here, there;
    ip4_addr_t mask;
    address_of(&options->local, &here);
    address_of(&options->target, &there);
    IP4_ADDR(&mask, 255, 0, 0, 0);
    if (!netif_add(&peer.netif, ip_2_ip4(&here), &mask, NULL, NULL, netif_up, ip_input)) {
        return false;
    }
    netif_set_default(&peer.netif);
    struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_V4);
    if (!pcb || tcp_bind(pcb, &here, options->local.port) != ERR_OK) {
        return false;
    }
    if (options->connects) {
        tcp_err(pcb, on_error);
        return tcp_connect(pcb, &there, options->target.port, on_established) == ERR_OK;
    }
    peer.listener = tcp_listen(pcb);
    if (peer.listener) {
        tcp_accept(peer.listener, on_established);
    }
    return peer.listener != NULL;
}

struct pbuf *lwip_peer_prepare(const uint8_t *bytes, uint32_t length)
{
    bool ours = length > ETHERNET && length <= ETHERNET + MTU && bytes[12] == 0x08 &&
                bytes[13] == 0x00 && !memcmp(bytes, peer.options.local.mac, 6);
    /* PBUF_RAM: the pool of Debian's build hands out less than it says. */
    struct pbuf *p = ours ? pbuf_alloc(PBUF_RAW, (u16_t)(length - ETHERNET), PBUF_RAM) : NULL;
    if (p) {
        memcpy(p->payload, bytes + ETHERNET, length - ETHERNET);
    }
    return p;
}

void lwip_peer_deliver(struct pbuf *frame, uint64_t now_ns)
{
    peer.now_ns = now_ns;
    if (ip4_input(frame, &peer.netif) != ERR_OK) {
        pbuf_free(frame);
    }
}

void lwip_peer_frame(const uint8_t *bytes, uint32_t length, uint64_t now_ns)
{
    struct pbuf *frame = lwip_peer_prepare(bytes, length);
    if (frame) {
        lwip_peer_deliver(frame, now_ns);
    }
}

uint64_t lwip_peer_next(void)
{
    return peer.tick_ns;
}

void lwip_peer_timers(uint64_t now_ns)
{
    while (peer.tick_ns <= now_ns) {
        peer.now_ns = peer.tick_ns;
        peer.tick_ns += (uint64_t)TCP_TMR_INTERVAL * MS;
        tcp_tmr();
        if (peer.pcb && peer.status.established) {
            feed();
        }
    }
    peer.now_ns = now_ns;
}

const struct lwip_peer_status *lwip_peer_status(void)
{
    return &peer.status;
}
