/* SPDX-License-Identifier: MIT
 *
 * Blocks of a pcapng file.
 */
#ifndef REPLAY_PCAPNG_H
#define REPLAY_PCAPNG_H

#include <stdio.h>

#include "replay/capture.h"

#define PCAPNG_MAGIC 0x0A0D0D0Au

struct pcapng;

struct pcapng *pcapng_new(FILE *file);
/* Time, bytes, lengths and link type are filled in; error gets the reason alone, without the file's
 * name. */
enum capture_read pcapng_next(struct pcapng *reader, struct capture_packet *packet, char *error,
                              size_t size);
void pcapng_del(struct pcapng *reader);

#endif
