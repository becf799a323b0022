/* SPDX-License-Identifier: MIT */
/*
 * Waiting on sockets, and the waker by which another thread ends a wait: a loopback connection, as Windows waits
 * for sockets only. Host clock only.
 */
#include "host/windows/state.h"

#include <stdlib.h>
#include <string.h>

#define POLL_ON_STACK 64

static unsigned from_system(short events)
{
    unsigned got = 0;
    if (events & (POLLRDNORM | POLLRDBAND))
        got |= HOST_POLL_IN;
    if (events & POLLWRNORM)
        got |= HOST_POLL_OUT;
    if (events & (POLLERR | POLLNVAL))
        got |= HOST_POLL_ERROR;
    if (events & POLLHUP)
        got |= HOST_POLL_HANG_UP;
    return got;
}

int host_poll(struct host_poll *fds, unsigned count, uint64_t timeout_ns)
{
    WSAPOLLFD small[POLL_ON_STACK];
    WSAPOLLFD *all = small;
    if (count > POLL_ON_STACK) {
        all = malloc(count * sizeof(*all));
        if (all == NULL) {
            host_fail(0, "no memory to wait on %u sockets", count);
            return -1;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        all[i].fd = (SOCKET)fds[i].fd;
        all[i].events = (short)(((fds[i].want & HOST_POLL_IN) ? POLLRDNORM : 0) |
                                ((fds[i].want & HOST_POLL_OUT) ? POLLWRNORM : 0));
        all[i].revents = 0;
    }
    /* Whole milliseconds, rounded up: waking early would only mean another look at the clock. */
    uint64_t milliseconds = timeout_ns / 1000000u + (timeout_ns % 1000000u != 0);
    int ready = WSAPoll(all, count, milliseconds > INT32_MAX ? INT32_MAX : (INT)milliseconds);
    if (ready < 0)
        host_fail_system((DWORD)WSAGetLastError(), "cannot wait on %u sockets", count);
    for (unsigned i = 0; i < count; i++)
        fds[i].got = ready > 0 ? from_system(all[i].revents) : 0;
    if (all != small)
        free(all);
    return ready;
}

void host_reset_on_close(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    setsockopt((SOCKET)fd, SOL_SOCKET, SO_LINGER, (const char *)&linger, sizeof(linger));
}

/* Two ends of a connection of this process with itself; what another process connects is turned away. */
bool host_socket_pair(SOCKET ends[2])
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, mine, peer;
    int size = sizeof(here);
    SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    ends[0] = INVALID_SOCKET;
    ends[1] = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    bool good = listener != INVALID_SOCKET && ends[1] != INVALID_SOCKET &&
                bind(listener, (struct sockaddr *)&here, size) == 0 && listen(listener, 8) == 0 &&
                getsockname(listener, (struct sockaddr *)&here, &size) == 0 &&
                connect(ends[1], (struct sockaddr *)&here, size) == 0 &&
                getsockname(ends[1], (struct sockaddr *)&mine, &size) == 0;
    while (good && ends[0] == INVALID_SOCKET) {
        ends[0] = accept(listener, (struct sockaddr *)&peer, &size);
        good = ends[0] != INVALID_SOCKET;
        if (good && (peer.sin_port != mine.sin_port || peer.sin_addr.s_addr != mine.sin_addr.s_addr)) {
            closesocket(ends[0]);
            ends[0] = INVALID_SOCKET;
        }
    }
    int error = WSAGetLastError();
    if (listener != INVALID_SOCKET)
        closesocket(listener);
    if (!good && ends[1] != INVALID_SOCKET)
        closesocket(ends[1]);
    WSASetLastError(error);
    return good;
}

bool host_waker_open(struct host_waker *waker)
{
    WSADATA data;
    SOCKET ends[2];
    u_long on = 1;
    int error = WSAStartup(MAKEWORD(2, 2), &data); /* counted; ended in host_waker_close */
    if (error != 0)
        return host_fail_system((DWORD)error, "cannot start the sockets of Windows");
    if (!host_socket_pair(ends)) {
        host_fail_system((DWORD)WSAGetLastError(), "cannot make a pair of sockets");
        WSACleanup();
        return false;
    }
    ioctlsocket(ends[0], FIONBIO, &on);
    ioctlsocket(ends[1], FIONBIO, &on);
    waker->wait_fd = (int)ends[0];
    waker->signal_fd = (int)ends[1];
    return true;
}

void host_waker_signal(const struct host_waker *waker)
{
    send((SOCKET)waker->signal_fd, "", 1, 0); /* a full socket wakes as well */
}

void host_waker_drain(const struct host_waker *waker)
{
    char bytes[64];
    while (recv((SOCKET)waker->wait_fd, bytes, sizeof(bytes), 0) > 0)
        ;
}

void host_waker_close(struct host_waker *waker)
{
    closesocket((SOCKET)waker->wait_fd);
    closesocket((SOCKET)waker->signal_fd);
    WSACleanup();
}
