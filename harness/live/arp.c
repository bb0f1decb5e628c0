/* SPDX-License-Identifier: MIT */
#include "live/arp.h"

#include <string.h>

#define LEAST 42u
#define REQUEST 1
#define REPLY 2

static void arp_build(uint8_t *frame, uint8_t operation, const struct endpoint *self,
                      const uint8_t *mac, const uint8_t *address)
{
    static const uint8_t everybody[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    static const uint8_t kinds[10] = {0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4, 0, 0};
    memset(frame, 0, ARP_FRAME_BYTES);
    memcpy(frame, mac ? mac : everybody, 6);
    memcpy(frame + 6, self->mac, 6);
    memcpy(frame + 12, kinds, sizeof(kinds));
    frame[21] = operation;
    memcpy(frame + 22, self->mac, 6);
    memcpy(frame + 28, self->address, 4);
    if (mac) {
        memcpy(frame + 32, mac, 6);
    }
    memcpy(frame + 38, address, 4);
}

static bool is_arp(const uint8_t *bytes, uint32_t length, uint8_t operation)
{
    static const uint8_t kinds[8] = {0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4};
    return length >= LEAST && !memcmp(bytes + 12, kinds, sizeof(kinds)) && bytes[20] == 0 &&
           bytes[21] == operation;
}

void arp_ask(const struct endpoint *self, const uint8_t wanted[4], uint8_t frame[ARP_FRAME_BYTES])
{
    arp_build(frame, REQUEST, self, NULL, wanted);
}

bool arp_answer(const struct endpoint *self, const uint8_t *bytes, uint32_t length,
                uint8_t answer[ARP_FRAME_BYTES])
{
    if (!is_arp(bytes, length, REQUEST) || memcmp(bytes + 38, self->address, 4) != 0) {
        return false;
    }
    arp_build(answer, REPLY, self, bytes + 22, bytes + 28);
    return true;
}

bool arp_tells(const uint8_t *bytes, uint32_t length, const uint8_t wanted[4], uint8_t mac[6])
{
    bool arp = is_arp(bytes, length, REPLY) || is_arp(bytes, length, REQUEST);
    if (!arp || memcmp(bytes + 28, wanted, 4) != 0) {
        return false;
    }
    memcpy(mac, bytes + 22, 6);
    return true;
}
