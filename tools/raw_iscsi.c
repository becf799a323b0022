/* SPDX-License-Identifier: MIT */
/*
 * The reference for `make bench`: bare libiscsi, N sessions, round robin, no layer of ours. Same
 * sockets, same target, same library as the paths of mpio/port/iscsi, so what those cost more is
 * our own.
 *
 *   raw_iscsi PORTAL[,PORTAL...] TARGET LUN [-n SESSIONS] [-q DEPTH] [-b BYTES] [-s SECONDS] [-w]
 *
 * DEPTH commands are outstanding in all, spread over the sessions; random reads (or writes, -w) of
 * BYTES, from a fixed seed. Prints one line: sessions depth bytes iops cpu_us_per_io mb_per_s.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

#define MAX_SESSIONS 64
#define MAX_DEPTH    4096
#define MAX_BYTES    (1u << 20)
#define BLOCK        512u

struct bench;
struct request {
    struct bench *bench;
    struct scsi_iovec iov;
};

struct bench {
    struct iscsi_context *session[MAX_SESSIONS];
    unsigned sessions, depth, bytes, seconds, next, outstanding;
    int lun;
    bool write, stopping;
    uint64_t blocks, seed, done;
    struct request request[MAX_DEPTH];
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "raw_iscsi: %s: %s\n", what, why);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t cpu_us(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000u +
           (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void on_done(struct iscsi_context *context, int status, void *data, void *argument);

static void send_one(struct request *q)
{
    struct bench *b = q->bench;
    struct iscsi_context *context = b->session[b->next++ % b->sessions];
    unsigned count = b->bytes / BLOCK;
    uint64_t lba;
    unsigned char cdb[10] = {b->write ? 0x2a : 0x28};
    struct scsi_task *task;

    b->seed = b->seed * 6364136223846793005u + 1442695040888963407u;
    lba = (b->seed >> 33) % (b->blocks / count) * count;
    for (int i = 0; i < 4; i++)
        cdb[2 + i] = (unsigned char)(lba >> (24 - 8 * i));
    cdb[7] = (unsigned char)(count >> 8);
    cdb[8] = (unsigned char)count;
    task = scsi_create_task(sizeof cdb, cdb, b->write ? SCSI_XFER_WRITE : SCSI_XFER_READ,
                            (int)b->bytes);
    if (task == NULL)
        die("command", "no memory");
    if (b->write)
        scsi_task_set_iov_out(task, &q->iov, 1);
    else
        scsi_task_set_iov_in(task, &q->iov, 1);
    if (iscsi_scsi_command_async(context, b->lun, task, on_done, NULL, q) != 0)
        die("command", iscsi_get_error(context));
    b->outstanding++;
}

static void on_done(struct iscsi_context *context, int status, void *data, void *argument)
{
    struct request *q = argument;

    if (status != SCSI_STATUS_GOOD)
        die("command ended badly", iscsi_get_error(context));
    scsi_free_scsi_task(data);
    q->bench->done++;
    q->bench->outstanding--;
    if (!q->bench->stopping)
        send_one(q);
}

static void serve(struct bench *b)
{
    struct pollfd fds[MAX_SESSIONS];

    for (unsigned i = 0; i < b->sessions; i++)
        fds[i] = (struct pollfd){.fd = iscsi_get_fd(b->session[i]),
                                 .events = (short)iscsi_which_events(b->session[i])};
    if (poll(fds, b->sessions, 1000) < 0)
        die("poll", "interrupted");
    for (unsigned i = 0; i < b->sessions; i++)
        if (fds[i].revents != 0 && iscsi_service(b->session[i], fds[i].revents) < 0)
            die("session", iscsi_get_error(b->session[i]));
}

static struct iscsi_context *log_in(struct bench *b, const char *portal, const char *target)
{
    struct iscsi_context *context = iscsi_create_context("iqn.2026-11.org.openmpio:raw");
    struct scsi_task *task;
    struct scsi_readcapacity10 *capacity;

    if (context == NULL)
        die(portal, "no memory");
    iscsi_set_noautoreconnect(context, 1);
    if (iscsi_set_targetname(context, target) != 0 ||
        iscsi_set_session_type(context, ISCSI_SESSION_NORMAL) != 0 ||
        iscsi_full_connect_sync(context, portal, b->lun) != 0)
        die(portal, iscsi_get_error(context));
    task = iscsi_readcapacity10_sync(context, b->lun, 0, 0);
    capacity =
        task != NULL && task->status == SCSI_STATUS_GOOD ? scsi_datain_unmarshall(task) : NULL;
    if (capacity == NULL || capacity->block_size != BLOCK)
        die(portal, "the LUN has no 512-byte blocks");
    b->blocks = (uint64_t)capacity->lba + 1;
    scsi_free_scsi_task(task);
    return context;
}

static void run(struct bench *b)
{
    uint64_t began, ended, cpu;

    for (unsigned i = 0; i < b->depth; i++) {
        b->request[i].bench = b;
        b->request[i].iov.iov_base = calloc(1, b->bytes);
        b->request[i].iov.iov_len = b->bytes;
        if (b->request[i].iov.iov_base == NULL)
            die("buffers", "no memory");
        send_one(&b->request[i]);
    }
    began = now_ns();
    while (now_ns() - began < 200000000u) /* warm up */
        serve(b);
    b->done = 0;
    cpu = cpu_us();
    began = now_ns();
    while (now_ns() - began < b->seconds * 1000000000ull)
        serve(b);
    ended = now_ns();
    cpu = cpu_us() - cpu;
    printf("sessions=%u depth=%u bytes=%u iops=%.0f cpu_us_per_io=%.2f mb_per_s=%.1f\n",
           b->sessions, b->depth, b->bytes, (double)b->done * 1e9 / (double)(ended - began),
           (double)cpu / (double)b->done,
           (double)b->done * b->bytes * 1e3 / (double)(ended - began));
    b->stopping = true;
    while (b->outstanding > 0)
        serve(b);
    for (unsigned i = 0; i < b->depth; i++)
        free(b->request[i].iov.iov_base);
}

static unsigned number(const char *text, unsigned least, unsigned most, const char *what)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*end != '\0' || value < least || value > most) {
        fprintf(stderr, "raw_iscsi: %s is %s; %u to %u\n", what, text, least, most);
        exit(2);
    }
    return (unsigned)value;
}

int main(int argc, char **argv)
{
    struct bench *b = calloc(1, sizeof *b);
    char *portals[MAX_SESSIONS];
    unsigned portal_count = 0;
    int option;

    if (b == NULL)
        die("start", "no memory");
    *b = (struct bench){.sessions = 1, .depth = 32, .bytes = 4096, .seconds = 2, .seed = 1};
    while ((option = getopt(argc, argv, "n:q:b:s:w")) != -1) {
        switch (option) {
        case 'n':
            b->sessions = number(optarg, 1, MAX_SESSIONS, "-n");
            break;
        case 'q':
            b->depth = number(optarg, 1, MAX_DEPTH, "-q");
            break;
        case 'b':
            b->bytes = number(optarg, BLOCK, MAX_BYTES, "-b") / BLOCK * BLOCK;
            break;
        case 's':
            b->seconds = number(optarg, 1, 600, "-s");
            break;
        case 'w':
            b->write = true;
            break;
        default:
            return 2;
        }
    }
    if (argc - optind != 3) {
        fprintf(
            stderr,
            "usage: raw_iscsi PORTAL[,PORTAL...] TARGET LUN [-n SESSIONS] [-q DEPTH] [-b BYTES] "
            "[-s SECONDS] [-w]\n");
        return 2;
    }
    for (char *p = strtok(argv[optind], ","); p != NULL && portal_count < MAX_SESSIONS;
         p = strtok(NULL, ","))
        portals[portal_count++] = p;
    if (portal_count == 0)
        die("start", "no portal");
    b->lun = (int)number(argv[optind + 2], 0, 255, "LUN");
    for (unsigned i = 0; i < b->sessions; i++)
        b->session[i] = log_in(b, portals[i % portal_count], argv[optind + 1]);
    run(b);
    for (unsigned i = 0; i < b->sessions; i++)
        iscsi_destroy_context(b->session[i]);
    free(b);
    return 0;
}
