/* SPDX-License-Identifier: MIT */
/*
 * Stream sockets that never block: listening on TCP addresses and on a local name, taking
 * connections, moving bytes. Addresses are numbers, never names: nothing here asks a resolver.
 */
#define _GNU_SOURCE
#include "host/posix/state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* "127.0.0.1:3260" or "[::1]:3260" into a socket address; its size, or 0 when it is no such text. */
static socklen_t parse(const char *address, struct sockaddr_storage *out)
{
    const char *colon = strrchr(address, ':');
    char host[64], *end;
    size_t length = colon ? (size_t)(colon - address) : 0;

    memset(out, 0, sizeof *out);
    if (length == 0 || length >= sizeof host || colon[1] < '0' || colon[1] > '9')
        return 0;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (*end != '\0' || port > 65535)
        return 0;
    memcpy(host, address, length);
    host[length] = '\0';
    struct sockaddr_in *four = (struct sockaddr_in *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
    if (host[0] == '[' && host[length - 1] == ']') {
        host[length - 1] = '\0';
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)port);
        return inet_pton(AF_INET6, host + 1, &six->sin6_addr) == 1 ? sizeof *six : 0;
    }
    four->sin_family = AF_INET;
    four->sin_port = htons((uint16_t)port);
    return inet_pton(AF_INET, host, &four->sin_addr) == 1 ? sizeof *four : 0;
}

static void write_address(const struct sockaddr_storage *from, char *text, size_t size)
{
    char host[INET6_ADDRSTRLEN] = "?";

    if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;
        inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof host);
        snprintf(text, size, "[%s]:%u", host, ntohs(six->sin6_port));
    } else if (from->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)from;
        inet_ntop(AF_INET, &four->sin_addr, host, sizeof host);
        snprintf(text, size, "%s:%u", host, ntohs(four->sin_port));
    } else {
        snprintf(text, size, "local");
    }
}

bool host_address_is_valid(const char *address, bool *loopback)
{
    struct sockaddr_storage s;

    if (parse(address, &s) == 0)
        return false;
    if (s.ss_family == AF_INET6)
        *loopback = IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)&s)->sin6_addr);
    else
        *loopback = ntohl(((struct sockaddr_in *)&s)->sin_addr.s_addr) >> 24 == 127;
    return true;
}

static int listen_at(const struct sockaddr *address, socklen_t size, const char *name,
                     unsigned backlog)
{
    int on = 1, fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 && address->sa_family != AF_UNIX)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd >= 0 && address->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (fd < 0 || bind(fd, address, size) != 0 || listen(fd, (int)backlog) != 0) {
        host_fail(errno, "cannot listen on %s", name);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

int host_listen(const char *address, unsigned backlog)
{
    struct sockaddr_storage s;
    socklen_t size = parse(address, &s);

    if (size == 0) {
        host_fail(0, "\"%s\" is no ADDRESS:PORT (as in 127.0.0.1:3260 or [::1]:3260)", address);
        return -1;
    }
    return listen_at((struct sockaddr *)&s, size, address, backlog);
}

int host_listen_local(const char *path)
{
    struct sockaddr_un s = {.sun_family = AF_UNIX};
    struct stat there;

    if (strlen(path) >= sizeof s.sun_path) {
        host_fail(0, "%s is too long for a local socket (%zu bytes at most)", path,
                  sizeof s.sun_path - 1);
        return -1;
    }
    strcpy(s.sun_path, path);
    if (lstat(path, &there) == 0 && S_ISSOCK(there.st_mode))
        unlink(path); /* left by an earlier run; anything else stays and bind says so */
    mode_t mask = umask(0177);
    int fd = listen_at((struct sockaddr *)&s, sizeof s, path, 8);
    umask(mask);
    return fd;
}

bool host_socket_name(int fd, char *text, size_t size)
{
    struct sockaddr_storage s;
    socklen_t length = sizeof s;

    if (getsockname(fd, (struct sockaddr *)&s, &length) != 0)
        return host_fail(errno, "cannot name a socket");
    write_address(&s, text, size);
    return true;
}

int host_accept(int listener, char *peer, size_t size)
{
    struct sockaddr_storage s;
    socklen_t length = sizeof s;
    int on = 1;
    int fd = accept4(listener, (struct sockaddr *)&s, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ECONNABORTED)
            return HOST_WOULD_BLOCK;
        host_fail(errno, "cannot take a connection");
        return HOST_FAILED;
    }
    write_address(&s, peer, size);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* no TCP: nothing to switch off */
    return fd;
}

int64_t host_receive(int fd, void *to, size_t length)
{
    ssize_t got = recv(fd, to, length, MSG_DONTWAIT);

    if (got >= 0)
        return got;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return HOST_WOULD_BLOCK;
    host_fail(errno, "cannot receive");
    return HOST_FAILED;
}

int64_t host_send(int fd, const struct host_bytes *parts, unsigned count)
{
    struct iovec vector[HOST_MAX_PARTS];
    struct msghdr message = {.msg_iov = vector};

    if (count > HOST_MAX_PARTS)
        count = HOST_MAX_PARTS;
    for (unsigned i = 0; i < count; i++)
        vector[i] = (struct iovec){(void *)(uintptr_t)parts[i].bytes, parts[i].length};
    message.msg_iovlen = count;
    ssize_t sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0)
        return sent;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return HOST_WOULD_BLOCK;
    host_fail(errno, "cannot send");
    return HOST_FAILED;
}

void host_socket_close(int fd)
{
    close(fd);
}
