/* SPDX-License-Identifier: MIT */
#include "replay/bare.h"

#include <pcap/pcap.h>

uint64_t bare_read(const char *path)
{
    char reason[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *head;
    const u_char *bytes;
    uint64_t packets = 0;
    pcap_t *file = pcap_open_offline(path, reason);
    while (file && pcap_next_ex(file, &head, &bytes) == 1) {
        packets++;
    }
    if (file) {
        pcap_close(file);
    }
    return packets;
}
