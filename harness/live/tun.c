/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "live/tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define RELAY_BURST 64u

static const char *hint(int number)
{
    switch (number) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return ": this kernel has no TUN/TAP driver here";
    case EPERM:
    case EACCES:
        return ": root (CAP_NET_ADMIN) is needed";
    case EBUSY:
        return ": somebody else has it open";
    default:
        return "";
    }
}

int tun_open(const char *name, char *error, unsigned room)
{
    struct ifreq request;
    memset(&request, 0, sizeof(request));
    if (!*name || strlen(name) > TUN_NAME_MAX) {
        snprintf(error, room, "'%.40s' is no name of a device (1 to %u characters)", name,
                 TUN_NAME_MAX);
        return -1;
    }
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        snprintf(error, room, "/dev/net/tun: %s%s", strerror(errno), hint(errno));
        return -1;
    }
    memcpy(request.ifr_name, name, strlen(name));
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (ioctl(fd, TUNSETIFF, &request) < 0) {
        snprintf(error, room, "%s: %s%s", name, strerror(errno), hint(errno));
        close(fd);
        return -1;
    }
    return fd;
}

int tun_read(int fd, uint8_t frame[TUN_FRAME_MAX])
{
    ssize_t length = read(fd, frame, TUN_FRAME_MAX);
    if (length >= 0) {
        return (int)length;
    }
    return errno == EAGAIN || errno == EINTR || errno == EIO ? 0 : -1; /* EIO: it is down */
}

bool tun_write(int fd, const uint8_t *frame, uint32_t length)
{
    return write(fd, frame, length) == (ssize_t)length;
}

static int carry(int from, int to)
{
    static uint8_t frame[TUN_FRAME_MAX];
    int count = 0;
    for (; count < (int)RELAY_BURST; count++) {
        int length = tun_read(from, frame);
        if (length <= 0) {
            return length < 0 ? -1 : count;
        }
        tun_write(to, frame, (uint32_t)length);
    }
    return count;
}

bool tun_relay(int one, int other, const volatile bool *stop)
{
    struct pollfd ends[2] = {{.fd = one, .events = POLLIN}, {.fd = other, .events = POLLIN}};
    while (!*stop) {
        if (poll(ends, 2, 200) < 0 && errno != EINTR) {
            return false;
        }
        if (carry(one, other) < 0 || carry(other, one) < 0) {
            return false;
        }
    }
    return true;
}
