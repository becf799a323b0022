/* SPDX-License-Identifier: MIT */
/*
 * A path that can be hurt: a TCP proxy on loopback for tests and the demo, one per path.
 *
 *   path_proxy PORTAL     PORTAL = a.b.c.d:port of the target, loopback only
 *
 * Prints PORT=n, where it listens (127.0.0.1), then takes commands from standard input, one per
 * line, and answers each with "ok". Ends when standard input closes. SIGHUP works as `cut`.
 *
 *   cut          resets the connections (RST); new ones are welcome
 *   fin          the same with an orderly end (FIN)
 *   down         cut, and new ones are reset at once
 *   blackhole    nothing is forwarded any more; connections stay, new ones stay silent
 *   resume       forwards and welcomes again; a connection that was reset meanwhile is gone with all
 *                that was under way on it, as in a network that lost the packets
 *   throttle R   R megabytes (10^6) per second and direction, token bucket of 5 ms; 0: off
 *
 * One thread, one poll loop; each direction of a connection has one buffer.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 64
#define BUFFER_BYTES    (256u * 1024)
#define TICK_NS         5000000ull
#define MAX_RATE        10000u /* megabytes per second */

struct pipe_buffer {
    char data[BUFFER_BYTES];
    size_t start, end;
};

/* side[0] is the client, side[1] the target; way[i] carries what side[i] sent. */
struct connection {
    int side[2];
    struct pipe_buffer way[2];
};

struct proxy {
    int listener;
    struct sockaddr_in target;
    struct connection *connection[MAX_CONNECTIONS];
    unsigned count;
    bool blackhole, down;
    uint64_t rate; /* bytes per second; 0: unlimited */
    int64_t tokens[2];
    uint64_t filled_at;
    char line[128];
    size_t line_length;
};

static volatile sig_atomic_t hang_up;

static void on_hang_up(int signal)
{
    (void)signal;
    hang_up = 1;
}

static void die(const char *what)
{
    fprintf(stderr, "path_proxy: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- connections ---------------------------------------------------------------------------- */
static void close_reset(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(fd);
}

static void drop(struct proxy *p, unsigned i, bool reset)
{
    struct connection *c = p->connection[i];

    for (int side = 0; side < 2; side++) {
        if (reset)
            close_reset(c->side[side]);
        else
            close(c->side[side]);
    }
    free(c);
    p->connection[i] = p->connection[--p->count];
}

static void drop_all(struct proxy *p, bool reset)
{
    while (p->count > 0)
        drop(p, p->count - 1, reset);
}

static void welcome(struct proxy *p)
{
    int client = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), target, on = 1;
    struct connection *c;

    if (client < 0)
        return;
    if (p->down || p->count == MAX_CONNECTIONS) {
        close_reset(client);
        return;
    }
    target = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (target < 0 || connect(target, (struct sockaddr *)&p->target, sizeof p->target) != 0) {
        if (target >= 0)
            close(target);
        close_reset(client);
        return;
    }
    fcntl(target, F_SETFL, O_NONBLOCK);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(target, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c = malloc(sizeof *c);
    if (c == NULL)
        die("no memory");
    c->side[0] = client;
    c->side[1] = target;
    c->way[0].start = c->way[0].end = c->way[1].start = c->way[1].end = 0;
    p->connection[p->count++] = c;
}

/* ---- bytes ---------------------------------------------------------------------------------- */
static void refill(struct proxy *p)
{
    uint64_t now = now_ns(), passed = now - p->filled_at;
    int64_t most = (int64_t)(p->rate * 2 * TICK_NS / 1000000000u);

    if (p->rate == 0 || passed < TICK_NS)
        return;
    if (passed > 1000000000u)
        passed = 1000000000u;
    for (int way = 0; way < 2; way++) {
        p->tokens[way] += (int64_t)(passed * p->rate / 1000000000u);
        if (p->tokens[way] > most)
            p->tokens[way] = most;
    }
    p->filled_at = now;
}

static bool may_send(const struct proxy *p, const struct connection *c, int way)
{
    return c->way[way].end > c->way[way].start && (p->rate == 0 || p->tokens[way] > 0);
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EINTR;
}

/* Moves what can be moved in one direction; false when a side has closed. */
static bool forward(struct proxy *p, struct connection *c, int way)
{
    struct pipe_buffer *b = &c->way[way];

    if (b->start == b->end) {
        ssize_t n = read(c->side[way], b->data, sizeof b->data);

        if (n == 0 || (n < 0 && !would_block()))
            return false;
        b->start = 0;
        b->end = n > 0 ? (size_t)n : 0;
    }
    if (may_send(p, c, way)) {
        size_t length = b->end - b->start;
        ssize_t n;

        if (p->rate != 0 && length > (size_t)p->tokens[way])
            length = (size_t)p->tokens[way];
        n = send(c->side[1 - way], b->data + b->start, length, MSG_NOSIGNAL);
        if (n < 0 && !would_block())
            return false;
        if (n > 0) {
            b->start += (size_t)n;
            p->tokens[way] -= p->rate != 0 ? n : 0;
        }
    }
    return true;
}

/* Those that a side has reset while nothing was forwarded. */
static void drop_dead(struct proxy *p)
{
    for (unsigned i = p->count; i-- > 0;) {
        struct pollfd sides[2] = {{.fd = p->connection[i]->side[0]}, {.fd = p->connection[i]->side[1]}};

        if (poll(sides, 2, 0) > 0)
            drop(p, i, true);
    }
}

/* ---- commands ------------------------------------------------------------------------------- */
static void obey(struct proxy *p, const char *line)
{
    unsigned rate;

    if (strcmp(line, "cut") == 0 || strcmp(line, "down") == 0) {
        p->down = *line == 'd';
        drop_all(p, true);
    } else if (strcmp(line, "fin") == 0) {
        drop_all(p, false);
    } else if (strcmp(line, "blackhole") == 0) {
        p->blackhole = true;
    } else if (strcmp(line, "resume") == 0) {
        if (p->blackhole)
            drop_dead(p);
        p->blackhole = p->down = false;
    } else if (sscanf(line, "throttle %u", &rate) == 1 && rate <= MAX_RATE) {
        p->rate = (uint64_t)rate * 1000000u;
        p->tokens[0] = p->tokens[1] = 0;
        p->filled_at = now_ns();
    } else {
        printf("unknown command: %s\n", line);
        return;
    }
    puts("ok");
}

/* False at the end of standard input. */
static bool read_commands(struct proxy *p)
{
    char text[256];
    ssize_t n = read(STDIN_FILENO, text, sizeof text);

    if (n < 0 && would_block())
        return true;
    for (ssize_t i = 0; i < n; i++) {
        if (text[i] != '\n') {
            if (p->line_length < sizeof p->line - 1)
                p->line[p->line_length++] = text[i];
            continue;
        }
        p->line[p->line_length] = '\0';
        p->line_length = 0;
        obey(p, p->line);
    }
    fflush(stdout);
    return n > 0;
}

/* ---- loop ----------------------------------------------------------------------------------- */
static void wait_and_serve(struct proxy *p)
{
    struct pollfd fds[2 + 2 * MAX_CONNECTIONS] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                                  {.fd = p->listener, .events = POLLIN}};
    bool starved = false;
    unsigned count = p->count;

    refill(p);
    for (unsigned i = 0; i < count; i++) {
        struct connection *c = p->connection[i];

        for (int side = 0; side < 2; side++) {
            bool readable = c->way[side].start == c->way[side].end;
            bool waiting = c->way[1 - side].start < c->way[1 - side].end;
            short events =
                (short)((readable ? POLLIN : 0) | (may_send(p, c, 1 - side) ? POLLOUT : 0));

            starved = starved || (waiting && !may_send(p, c, 1 - side));
            fds[2 + 2 * i + side] =
                (struct pollfd){.fd = p->blackhole ? -1 : c->side[side], .events = events};
        }
    }
    if (poll(fds, 2 + 2 * count, starved ? (int)(TICK_NS / 1000000) : -1) < 0 && errno != EINTR)
        die("poll");
    if (hang_up) {
        hang_up = 0;
        drop_all(p, true);
        return;
    }
    refill(p);
    for (unsigned i = count; i-- > 0 && !p->blackhole;) {
        short got = fds[2 + 2 * i].revents | fds[3 + 2 * i].revents;

        if (got != 0 && (!forward(p, p->connection[i], 0) || !forward(p, p->connection[i], 1)))
            drop(p, i, (got & (POLLERR | POLLHUP)) != 0);
    }
    if (fds[0].revents != 0 && !read_commands(p))
        exit(0);
    if (fds[1].revents != 0)
        welcome(p);
}

static void parse_portal(struct sockaddr_in *address, const char *text)
{
    char host[64];
    unsigned port;

    if (sscanf(text, "%63[0-9.]:%u", host, &port) != 2 || port == 0 || port > 65535 ||
        inet_pton(AF_INET, host, &address->sin_addr) != 1 ||
        (ntohl(address->sin_addr.s_addr) >> 24) != 127) {
        fprintf(stderr, "path_proxy: %s is no loopback portal (127.x.x.x:port)\n", text);
        exit(2);
    }
    address->sin_family = AF_INET;
    address->sin_port = htons((uint16_t)port);
}

int main(int argc, char **argv)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sigaction action = {.sa_handler = on_hang_up};
    socklen_t length = sizeof own;
    struct proxy *p = calloc(1, sizeof *p);

    if (argc != 2) {
        fprintf(stderr, "usage: path_proxy PORTAL\n");
        return 2;
    }
    if (p == NULL)
        die("no memory");
    parse_portal(&p->target, argv[1]);
    sigaction(SIGHUP, &action, NULL);
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (p->listener < 0 || bind(p->listener, (struct sockaddr *)&own, sizeof own) != 0 ||
        listen(p->listener, 16) != 0 ||
        getsockname(p->listener, (struct sockaddr *)&own, &length) != 0)
        die("cannot listen");
    printf("PORT=%u\n", ntohs(own.sin_port));
    fflush(stdout);
    for (;;)
        wait_and_serve(p);
}
