/* SPDX-License-Identifier: MIT
 *
 * The wire of runs as a capture (pcapng), with what happened at the NDIS boundary as comments of
 * the packets: of the frame that a call led to, or of the one that it followed.
 */
#ifndef CLI_PCAPNG_H
#define CLI_PCAPNG_H

#include "cli/result_file.h"
#include "cli/wire_log.h"

#define CLI_PCAPNG_HELP "write the frames with the events as comments to FILE, for Wireshark"

/* A section for each run of the log. False after one line on stderr. */
bool pcapng_write(struct result_file *file, const struct wire_log *log);

#endif
