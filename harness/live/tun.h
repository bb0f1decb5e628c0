/* SPDX-License-Identifier: MIT
 *
 * A TAP device of the Linux kernel: the far end of the wire is the kernel's interface of that name
 * in this network namespace.
 */
#ifndef LIVE_TUN_H
#define LIVE_TUN_H

#include <stdbool.h>
#include <stdint.h>

#define TUN_FRAME_MAX 2048u
#define TUN_NAME_MAX 15u

/* Attaches to the device, which is made if it is not there. A descriptor that does not block, or -1
 * and one line in error (of at least 160 bytes). */
int tun_open(const char *name, char *error, unsigned room);
/* Bytes of the next frame, 0 = none waits, -1 = the device is gone. */
int tun_read(int fd, uint8_t frame[TUN_FRAME_MAX]);
/* False: the kernel did not take it, as a wire may lose a frame. */
bool tun_write(int fd, const uint8_t *frame, uint32_t length);
/* Carries frames between two devices until *stop; false = one of them is gone. */
bool tun_relay(int one, int other, const volatile bool *stop);

#endif
