/* SPDX-License-Identifier: MIT
 *
 * As much of ARP as one host needs: ask, answer, listen.
 */
#ifndef LIVE_ARP_H
#define LIVE_ARP_H

#include "peer/segment.h"

#define ARP_FRAME_BYTES 60u

/* Who has `wanted`? */
void arp_ask(const struct endpoint *self, const uint8_t wanted[4], uint8_t frame[ARP_FRAME_BYTES]);
/* True: the frame asks for our address; `answer` is the reply. */
bool arp_answer(const struct endpoint *self, const uint8_t *bytes, uint32_t length,
                uint8_t answer[ARP_FRAME_BYTES]);
/* True: the frame tells the hardware address of `wanted`. */
bool arp_tells(const uint8_t *bytes, uint32_t length, const uint8_t wanted[4], uint8_t mac[6]);

#endif
