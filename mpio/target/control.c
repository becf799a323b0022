/* SPDX-License-Identifier: MIT */
/*
 * The control socket: one command a line, answered with its text and a last line `ok` or `error: WHY`. It
 * takes every action of the timeline (topology.h) and what only portals know. For the same user only.
 */
#include "target/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/host.h"
#include "text/number.h"

static const char help[] =
    "status                        portals, sessions, arrays\n"
    "link PORTAL up|down           down: silence in both directions, nobody is told\n"
    "drop PORTAL|all               resets its connections\n"
    "fault PORTAL lose-command|lose-completion|slow|busy|queue-full|late-completion|late-command COUNT [TIME]\n"
    "latency PORTAL TIME           of every command from now on\n"
    "logout PORTAL|all             asynchronous message: please log out\n"
    "announce-drop PORTAL|all      asynchronous message that the connection ends, and its end\n"
    "event PORTAL|all LUN KEY/ASC/ASCQ   asynchronous SCSI event with this sense\n"
    "redirect PORTAL ADDRESS:PORT [permanent] | redirect PORTAL off   new logins go elsewhere\n"
    "quit                          ends the target\n"
    "and every action of a timeline, at once:\n";

#define MAX_WORDS 8

struct words {
    char *word[MAX_WORDS];
    unsigned count;
};

static bool refuse(struct buffer *answer, const char *why, const char *what)
{
    buffer_printf(answer, "error: %s%s%s\n", why, what ? ": " : "", what ? what : "");
    return false;
}

/* By number or by address; NULL: none. */
static struct portal *find_portal(struct target *t, const char *name)
{
    uint64_t index;

    for (unsigned i = 0; i < t->portal_count; i++)
        if (strcmp(t->portals[i].address, name) == 0)
            return &t->portals[i];
    if (!text_parse_unsigned(name, 0, TARGET_MAX_PORTALS, &index, NULL) || index >= t->portal_count)
        return NULL;
    return &t->portals[index];
}

/* ---- status ---------------------------------------------------------------------------------------- */
static void add_status(struct target *t, struct buffer *out)
{
    for (unsigned i = 0; i < t->node_count; i++)
        buffer_printf(out, "target %s array %s\n", t->nodes[i].name, t->nodes[i].config->object.name);
    for (unsigned i = 0; i < t->portal_count; i++) {
        const struct portal *p = &t->portals[i];
        buffer_printf(out, "portal %u %s port %u link %s%s%s%s commands %" PRIu64 "\n", i, p->address, p->port,
                      p->link_up ? "up" : "down", p->fd < 0 ? " not listening" : "",
                      p->redirect[0] ? " redirected to " : "", p->redirect, p->commands);
    }
    for (const struct connection *c = t->connections; c; c = c->next) {
        if (c->ended)
            continue;
        if (!c->full) {
            buffer_printf(out, "login from %s portal %u\n", c->peer, c->portal->index);
            continue;
        }
        buffer_printf(out, "session %u from %s portal %u %s %s tasks %u commands %" PRIu64 " read %" PRIu64 " written %" PRIu64 "\n",
                      c->tsih, c->peer, c->portal->index, c->initiator, c->discovery ? "discovery" : c->node->config->object.name,
                      c->task_count, c->commands, c->read_bytes, c->written_bytes);
    }
    buffer_printf(out, "sessions %u half-open %u data-bytes %" PRIu64 "\n", t->sessions, t->half_open, t->data_bytes);
}

/* ---- portals ------------------------------------------------------------------------------------------ */
static bool fault(struct portal *p, const struct words *w, struct buffer *answer)
{
    static const char *const names[PORTAL_FAULTS] = {
        [FABRIC_LOSE_COMMAND] = "lose-command", [FABRIC_LOSE_COMPLETION] = "lose-completion",
        [FABRIC_SLOW] = "slow", [FABRIC_BUSY] = "busy", [FABRIC_QUEUE_FULL] = "queue-full",
        [FABRIC_LATE_COMPLETION] = "late-completion", [FABRIC_LATE_COMMAND] = "late-command"};
    struct text_error error;
    unsigned kind = 0;
    uint64_t count, value = 0;

    while (kind < PORTAL_FAULTS && (!names[kind] || strcmp(names[kind], w->word[2]) != 0))
        kind++;
    if (kind == PORTAL_FAULTS)
        return refuse(answer, "no such fault; see help", w->word[2]);
    if (!text_parse_unsigned(w->word[3], 0, TOPOLOGY_MAX_INJECT, &count, &error) ||
        (w->count > 4 && !text_parse_time(w->word[4], &value, &error)))
        return refuse(answer, error.message, NULL);
    if (value == 0 && (kind == FABRIC_SLOW || kind == FABRIC_LATE_COMPLETION || kind == FABRIC_LATE_COMMAND))
        return refuse(answer, "this fault needs a time, as in 500ms", names[kind]);
    p->fault_count[kind] = (unsigned)count;
    p->fault_value[kind] = value;
    return true;
}

static bool latency(struct portal *p, const struct words *w, struct buffer *answer)
{
    struct text_error error;

    if (!text_parse_time(w->word[2], &p->latency, &error) || p->latency > TOPOLOGY_MAX_TIME)
        return refuse(answer, "latency takes a time, as in 5ms", w->word[2]);
    return true;
}

static bool redirect(struct portal *p, const struct words *w, struct buffer *answer)
{
    bool loopback;

    if (strcmp(w->word[2], "off") == 0) {
        p->redirect[0] = '\0';
        return true;
    }
    if (!host_address_is_valid(w->word[2], &loopback))
        return refuse(answer, "redirect takes ADDRESS:PORT or off", w->word[2]);
    snprintf(p->redirect, sizeof p->redirect, "%s", w->word[2]);
    p->redirect_permanent = w->count > 3 && strcmp(w->word[3], "permanent") == 0;
    return true;
}

static bool link(struct portal *p, const struct words *w, struct buffer *answer)
{
    bool up = strcmp(w->word[2], "up") == 0;

    if (!up && strcmp(w->word[2], "down") != 0)
        return refuse(answer, "a link goes up or down", w->word[2]);
    portal_link(p, up);
    return true;
}

static bool drop(struct portal *p, const struct words *w, struct buffer *answer)
{
    (void)w;
    (void)answer;
    portal_cut(p, NULL);
    return true;
}

static void tell(struct portal *p, enum async_event event)
{
    static const uint8_t no_lun[8];

    for (struct connection *c = p->target->connections; c; c = c->next)
        if (c->portal == p)
            pdu_async(c, event, no_lun, 0, 0, 0);
}

static bool ask_logout(struct portal *p, const struct words *w, struct buffer *answer)
{
    (void)w;
    (void)answer;
    tell(p, ASYNC_LOGOUT);
    return true;
}

static bool announce_drop(struct portal *p, const struct words *w, struct buffer *answer)
{
    (void)w;
    (void)answer;
    tell(p, ASYNC_DROP);
    for (struct connection *c = p->target->connections; c; c = c->next)
        if (c->portal == p && c->full)
            connection_end(c, false);
    return true;
}

static bool scsi_event(struct portal *p, const struct words *w, struct buffer *answer)
{
    unsigned key, asc, ascq;
    uint64_t number;
    uint8_t lun[8] = {0};

    if (!text_parse_unsigned(w->word[2], 0, ARRAY_MAX_LUNS - 1, &number, NULL) ||
        sscanf(w->word[3], "%1x/%2x/%2x", &key, &asc, &ascq) != 3)
        return refuse(answer, "event takes a LUN and KEY/ASC/ASCQ in hexadecimal, as in 6/3f/0e", NULL);
    put_16(lun, (uint16_t)(number < 256 ? number : 0x4000 | number));
    for (struct connection *c = p->target->connections; c; c = c->next)
        if (c->portal == p)
            pdu_async(c, ASYNC_SCSI, lun, (uint8_t)key, (uint8_t)asc, (uint8_t)ascq);
    return true;
}

static const struct portal_command {
    const char *name;
    unsigned words;             /* at least, with the name */
    bool all;                   /* `all` is accepted */
    bool (*run)(struct portal *p, const struct words *w, struct buffer *answer);
} portal_commands[] = {
    {"link", 3, false, link}, {"drop", 2, true, drop}, {"fault", 4, false, fault},
    {"latency", 3, false, latency}, {"logout", 2, true, ask_logout}, {"announce-drop", 2, true, announce_drop},
    {"event", 4, true, scsi_event}, {"redirect", 3, false, redirect},
};
#define PORTAL_COMMANDS (sizeof portal_commands / sizeof portal_commands[0])

/* ---- arrays ------------------------------------------------------------------------------------------- */
static void add_help(struct buffer *out)
{
    buffer_append_text(out, help);
#define X(kind, name, usage) buffer_printf(out, "%s %s\n", name, usage);
    TOPOLOGY_ACTIONS(X)
#undef X
}

static void split(char *line, struct words *w)
{
    char *rest = NULL;

    w->count = 0;
    for (char *word = strtok_r(line, " \t\r", &rest); word && w->count < MAX_WORDS; word = strtok_r(NULL, " \t\r", &rest))
        w->word[w->count++] = word;
}

static bool run_on_portals(struct target *t, const struct portal_command *command, const struct words *w,
                           struct buffer *answer)
{
    bool all = command->all && strcmp(w->word[1], "all") == 0;
    struct portal *one = all ? NULL : find_portal(t, w->word[1]);

    if (w->count < command->words)
        return refuse(answer, "too few words; see help", command->name);
    for (unsigned i = 0; i < t->portal_count; i++)
        if ((all || &t->portals[i] == one) && !command->run(&t->portals[i], w, answer))
            return false;
    return true;
}

/* Timeline actions `link HBA ...` and portal command `link PORTAL ...` share a name: a known portal decides. */
static bool is_for_portal(struct target *t, const struct portal_command *command, const struct words *w)
{
    if (w->count < 2 || strcmp(command->name, w->word[0]) != 0)
        return false;
    return find_portal(t, w->word[1]) || (command->all && strcmp(w->word[1], "all") == 0);
}

bool target_control(struct target *t, const char *line, struct buffer *answer)
{
    struct topology_action action;
    struct text_error error;
    struct words w;
    char copy[512];

    snprintf(copy, sizeof copy, "%s", line);
    split(copy, &w);
    if (w.count == 0)
        return refuse(answer, "an empty line; see help", NULL);
    if (strcmp(w.word[0], "help") == 0) {
        add_help(answer);
    } else if (strcmp(w.word[0], "status") == 0) {
        add_status(t, answer);
    } else if (strcmp(w.word[0], "quit") == 0) {
        t->ended = true;
        world_stop(t->world);
    } else {
        unsigned i = 0;
        while (i < PORTAL_COMMANDS && !is_for_portal(t, &portal_commands[i], &w))
            i++;
        if (i < PORTAL_COMMANDS) {
            if (!run_on_portals(t, &portal_commands[i], &w, answer))
                return false;
        } else if (!topology_parse_action(t->topology, line, &action, &error) || !faults_apply(t, &action, &error)) {
            return refuse(answer, error.message, NULL);
        }
    }
    buffer_append_text(answer, "ok\n");
    return true;
}

/* ---- socket ------------------------------------------------------------------------------------------- */
static void close_client(struct control_client *client)
{
    world_watch(client->target->world, client->fd, 0, NULL, NULL);
    host_socket_close(client->fd);
    client->fd = -1;
    client->length = 0;
}

/* Answers are small; a client that does not take one is dropped. */
static bool answer_line(struct control_client *client)
{
    struct buffer answer = {0};
    bool sent;

    buffer_init(&answer, 1u << 20);
    target_control(client->target, client->line, &answer);
    struct host_bytes part = {answer.data, answer.length};
    sent = !answer.failed && host_send(client->fd, &part, 1) == (int64_t)answer.length;
    buffer_free(&answer);
    return sent;
}

static void on_client(void *argument, unsigned got)
{
    struct control_client *client = argument;
    char bytes[512];
    int64_t count = host_receive(client->fd, bytes, sizeof bytes);

    (void)got;
    if (count == HOST_WOULD_BLOCK)
        return;
    for (int64_t i = 0; i < count; i++) {
        bool end = bytes[i] == '\n';
        client->line[client->length] = end ? '\0' : bytes[i];
        if (end ? !answer_line(client) : ++client->length == sizeof client->line) {
            close_client(client);
            return;
        }
        if (end)
            client->length = 0;
    }
    if (count <= 0)
        close_client(client);
}

static void on_control(void *argument, unsigned got)
{
    struct target *t = argument;
    char peer[PEER_TEXT];
    int fd = host_accept(t->control_fd, peer, sizeof peer);
    unsigned i = 0;

    (void)got;
    if (fd < 0)
        return;
    while (i < TARGET_MAX_CONTROLS && t->controls[i].fd >= 0)
        i++;
    if (i == TARGET_MAX_CONTROLS) {
        host_socket_close(fd);
        return;
    }
    t->controls[i].fd = fd;
    world_watch(t->world, fd, HOST_POLL_IN, on_client, &t->controls[i]);
}

bool control_open(struct target *t, struct text_error *error)
{
    t->control_fd = host_listen_local(t->options.control);
    if (t->control_fd < 0)
        return text_error_set(error, NULL, 0, 0, "%s", host_error());
    for (unsigned i = 0; i < TARGET_MAX_CONTROLS; i++)
        t->controls[i] = (struct control_client){.target = t, .fd = -1};
    world_watch(t->world, t->control_fd, HOST_POLL_IN, on_control, t);
    return true;
}

void control_close(struct target *t)
{
    if (t->control_fd < 0)
        return;
    for (unsigned i = 0; i < TARGET_MAX_CONTROLS; i++)
        if (t->controls[i].fd >= 0)
            close_client(&t->controls[i]);
    world_watch(t->world, t->control_fd, 0, NULL, NULL);
    host_socket_close(t->control_fd);
    host_remove_file(t->options.control);
    t->control_fd = -1;
}
