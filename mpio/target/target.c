/* SPDX-License-Identifier: MIT */
/* Builds the target from a topology and takes it down again; what it may not do on an open address. */
#include "target/internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "text/number.h"
#include "world/build_array.h"

#define NAME_PREFIX "iqn.2026-01.org.openmpio:"

/* ---- nodes ----------------------------------------------------------------------------------------- */
static void name_node(struct node *n)
{
    if (n->config->target) {
        snprintf(n->name, sizeof n->name, "%s", n->config->target);
        return;
    }
    int length = snprintf(n->name, sizeof n->name, "%s%s", NAME_PREFIX, n->config->object.name);
    for (int i = 0; i < length; i++) /* iSCSI names know letters, digits, '-', '.' and ':' */
        n->name[i] = isalnum((unsigned char)n->name[i]) || strchr("-.:", n->name[i]) ? (char)tolower((unsigned char)n->name[i]) : '-';
}

static bool add_node(struct target *t, size_t index, struct text_error *error)
{
    struct node *n = &t->nodes[t->node_count];

    n->target = t;
    n->config = &t->topology->arrays[index];
    name_node(n);
    for (unsigned i = 0; i < t->node_count; i++)
        if (strcmp(t->nodes[i].name, n->name) == 0)
            return text_error_set(error, NULL, 0, 0, "arrays %s and %s both would be the target %s",
                                  t->nodes[i].config->object.name, n->config->object.name, n->name);
    n->array = world_build_array(t->world, t->topology, index, error);
    if (!n->array)
        return false;
    t->node_count++;
    return true;
}

static bool add_nodes(struct target *t, struct text_error *error)
{
    const struct topology *top = t->topology;
    const char *only = t->options.array;

    t->nodes = calloc(top->array_count + 1, sizeof *t->nodes);
    if (!t->nodes)
        return text_error_set(error, NULL, 0, 0, "out of memory");
    for (size_t i = 0; i < top->array_count; i++)
        if ((!only || strcmp(top->arrays[i].object.name, only) == 0) && !add_node(t, i, error))
            return false;
    if (t->node_count == 0)
        return text_error_set(error, NULL, 0, 0, only ? "there is no [array %s]" : "no [array] section: nothing to serve",
                              only);
    return true;
}

/* ---- portals --------------------------------------------------------------------------------------- */
/* The first link of the topology to this array port tells its latency. */
static void take_latency(struct portal *p)
{
    const struct topology *top = p->target->topology;

    for (size_t i = 0; i < top->link_count; i++) {
        const struct topology_link *link = &top->links[i];
        if (p->port < link->port || p->port >= link->port + link->ports)
            continue;
        p->latency = link->latency;
        p->jitter = link->jitter;
        p->ns_per_kib = link->ns_per_kib;
        return;
    }
}

static unsigned most_ports(const struct target *t)
{
    unsigned most = 0;

    for (unsigned i = 0; i < t->node_count; i++)
        if (array_ports(t->nodes[i].array) > most)
            most = array_ports(t->nodes[i].array);
    return most;
}

static bool everybody_has_chap(const struct target *t, const char **who)
{
    for (unsigned i = 0; i < t->node_count; i++) {
        *who = t->nodes[i].config->object.name;
        if (!t->nodes[i].config->user)
            return false;
    }
    return true;
}

static bool add_portal(struct target *t, const char *listen, struct text_error *error)
{
    struct portal *p = &t->portals[t->portal_count];
    const char *equals = strchr(listen, '='), *who;
    size_t length = equals ? (size_t)(equals - listen) : strlen(listen);
    uint64_t port = t->portal_count;
    bool loopback;

    p->target = t;
    p->index = t->portal_count;
    p->fd = -1;
    p->link_up = true;
    snprintf(p->address, sizeof p->address, "%.*s", (int)length, listen);
    if (!host_address_is_valid(p->address, &loopback))
        return text_error_set(error, NULL, 0, 0, "--listen %s: accepted are ADDRESS:PORT, as in 127.0.0.1:3260 or [::1]:3260, "
                              "with =N behind it for array port N", listen);
    if (equals && !text_parse_unsigned(equals + 1, 0, ARRAY_MAX_PORTS - 1, &port, error))
        return false;
    if (port >= most_ports(t))
        return text_error_set(error, NULL, 0, 0, "--listen %s would be array port %u, but no array has more than %u",
                              listen, (unsigned)port, most_ports(t));
    p->port = (unsigned)port;
    if (!loopback && !t->options.no_auth && !everybody_has_chap(t, &who))
        return text_error_set(error, NULL, 0, 0, "--listen %s is not loopback and array %s has no user and secret: give it CHAP, "
                              "or say --no-auth", listen, who);
    take_latency(p);
    t->portal_count++;
    return portal_open(p, error);
}

/* ---- the whole -------------------------------------------------------------------------------------- */
struct target *target_create(const struct target_options *options, struct text_error *error)
{
    struct target *t = calloc(1, sizeof *t);
    bool good;

    if (t)
        t->scratch = malloc(TARGET_SCRATCH);
    if (!t || !t->scratch) {
        text_error_set(error, NULL, 0, 0, "out of memory");
        free(t);
        return NULL;
    }
    t->world = options->world;
    t->topology = options->topology;
    t->options = *options;
    t->last_connection = &t->connections;
    t->control_fd = -1;
    t->kick.run = task_kick;
    good = add_nodes(t, error);
    if (good && (options->listens < 1 || options->listens > TARGET_MAX_PORTALS))
        good = text_error_set(error, NULL, 0, 0, "%u addresses to listen on; 1 to %u", options->listens, TARGET_MAX_PORTALS);
    for (unsigned i = 0; i < options->listens && good; i++)
        good = add_portal(t, options->listen[i], error);
    good = good && faults_start(t, error) && (!options->control || control_open(t, error));
    if (good)
        return t;
    target_destroy(t);
    return NULL;
}

void target_destroy(struct target *t)
{
    if (!t)
        return;
    control_close(t);
    faults_stop(t);
    world_cancel(t->world, &t->kick);
    while (t->connections)
        connection_free(t->connections);
    for (unsigned i = 0; i < t->portal_count; i++)
        portal_close(&t->portals[i]);
    for (unsigned i = 0; i < t->node_count; i++)
        array_destroy(t->nodes[i].array);
    free(t->nodes);
    free(t->scratch);
    free(t);
}

unsigned target_portals(const struct target *t)
{
    return t->portal_count;
}

const char *target_portal_address(const struct target *t, unsigned portal)
{
    return t->portals[portal].address;
}

unsigned target_portal_port(const struct target *t, unsigned portal)
{
    return t->portals[portal].port;
}

const char *target_node_name(const struct target *t, unsigned node)
{
    return node < t->node_count ? t->nodes[node].name : NULL;
}

bool target_ended(const struct target *t)
{
    return t->ended;
}
