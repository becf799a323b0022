/* SPDX-License-Identifier: MIT */
/*
 * Waiting on sockets, and the waker by which another thread ends a wait. Host clock only.
 */
#define _GNU_SOURCE
#include "host/posix/state.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define POLL_ON_STACK 64

static unsigned from_system(short events)
{
    unsigned got = 0;
    if (events & POLLIN)
        got |= HOST_POLL_IN;
    if (events & POLLOUT)
        got |= HOST_POLL_OUT;
    if (events & (POLLERR | POLLNVAL))
        got |= HOST_POLL_ERROR;
    if (events & POLLHUP)
        got |= HOST_POLL_HANG_UP;
    return got;
}

int host_poll(struct host_poll *fds, unsigned count, uint64_t timeout_ns)
{
    struct pollfd small[POLL_ON_STACK];
    struct pollfd *all = small;
    if (count > POLL_ON_STACK) {
        all = malloc(count * sizeof(*all));
        if (all == NULL) {
            host_fail(0, "no memory to wait on %u sockets", count);
            return -1;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        all[i].fd = fds[i].fd;
        all[i].events = (short)(((fds[i].want & HOST_POLL_IN) ? POLLIN : 0) |
                                ((fds[i].want & HOST_POLL_OUT) ? POLLOUT : 0));
        all[i].revents = 0;
    }
    struct timespec limit = {.tv_sec = (time_t)(timeout_ns / 1000000000u),
                             .tv_nsec = (long)(timeout_ns % 1000000000u)};
    int ready = ppoll(all, count, &limit, NULL);
    if (ready < 0 && errno == EINTR)
        ready = 0;
    else if (ready < 0)
        host_fail(errno, "cannot wait on %u sockets", count);
    for (unsigned i = 0; i < count; i++)
        fds[i].got = ready > 0 ? from_system(all[i].revents) : 0;
    if (all != small)
        free(all);
    return ready;
}

void host_reset_on_close(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)); /* fails on what is no socket: nothing to lose */
}

void host_hold_sends(int fd, bool hold)
{
    int on = hold;

    setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on)); /* only speed is lost where it fails */
}

bool host_waker_open(struct host_waker *waker)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return host_fail(errno, "cannot make a pipe");
    waker->wait_fd = ends[0];
    waker->signal_fd = ends[1];
    return true;
}

void host_waker_signal(const struct host_waker *waker)
{
    ssize_t written;
    do
        written = write(waker->signal_fd, "", 1);
    while (written < 0 && errno == EINTR); /* a full pipe wakes as well */
}

void host_waker_drain(const struct host_waker *waker)
{
    char bytes[64];
    while (read(waker->wait_fd, bytes, sizeof(bytes)) > 0)
        ;
}

void host_waker_close(struct host_waker *waker)
{
    close(waker->wait_fd);
    close(waker->signal_fd);
}
