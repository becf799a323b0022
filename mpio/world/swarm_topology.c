/* SPDX-License-Identifier: MIT */
/*
 * A topology text from a seed; see swarm_topology.h. Numbers come from one splitmix64 sequence of the
 * seed alone, not from a world: there is none yet. Sizes are small on purpose: thousands of such worlds run in
 * minutes, and what breaks a framework hides in shapes and in the order of events, not in bulk. One draw in one
 * expression: compilers evaluate the arguments of a call in orders of their own.
 */
#include "world/swarm_topology.h"

#include <stdio.h>

#define MAX_MACHINES 3
#define MAX_HBAS     4          /* of one machine */
#define MAX_ARRAYS   2
#define MAX_CLASSES  3          /* of LUNs; each has a load of its own */
#define MAX_PATHS    192        /* path instances of one machine; boot and rescan cost that much */
#define LUN_PATHS    32         /* MPIO's own limit */
#define LEAST_RETRIES 3         /* MPIO's default */
#define TOTAL_RATE   200        /* I/Os per second of the whole world, about */
#define TOTAL_KIB    2048       /* of all of them in a second: each byte is stamped and checked */
#define CLOSED_MOST  3          /* streams that run as fast as their far link lets them */

#define X(feature, name) name,
const char *const swarm_feature_names[SWARM_FEATURE_COUNT] = {SWARM_FEATURES(X)};
#undef X

enum { KIND_FC, KIND_ISCSI, KIND_SAS, KIND_SPI, KIND_COUNT };
static const char *const kinds[KIND_COUNT] = {"fc", "iscsi", "sas", "spi"};
static const char *const makes[KIND_COUNT][2] = {{"merganser", "swiftlet"}, {"tortoise", "tortoise"},
                                                 {"pangolin", "pangolin"}, {"trilobite", "trilobite"}};
static const char *const classes[MAX_CLASSES] = {"data", "log", "quorum"};

struct swarm {
    struct buffer *out;
    uint64_t random, features;
    unsigned machines, hbas[MAX_MACHINES], arrays, controllers[MAX_ARRAYS], ports[MAX_ARRAYS];
    unsigned class_count[MAX_ARRAYS], luns[MAX_ARRAYS][MAX_CLASSES];
    unsigned transports, transport[KIND_COUNT]; /* those the seed switched on */
    unsigned kind[MAX_MACHINES][MAX_HBAS];
};

static uint64_t next(struct swarm *s)
{
    uint64_t x = s->random += 0x9e3779b97f4a7c15u;

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* 0..limit - 1; small numbers only, so the unfairness of the remainder does not show. */
static unsigned below(struct swarm *s, unsigned limit)
{
    return (unsigned)(next(s) % limit);
}

static unsigned between(struct swarm *s, unsigned least, unsigned most)
{
    return least + below(s, most - least + 1);
}

static bool has(const struct swarm *s, enum swarm_feature feature)
{
    return s->features >> feature & 1;
}

static void without(struct swarm *s, enum swarm_feature feature)
{
    s->features &= ~(UINT64_C(1) << feature);
}

/* ---- features and shape ------------------------------------------------------------------------------ */
/* Most features with one chance in three: all together they would hide each other. A feature that came later has a
 * sequence of its own, so the worlds without it are what they were. */
static void draw_features(struct swarm *s)
{
    struct swarm later = {.random = ~s->random};

    for (unsigned feature = 0; feature < SWARM_HUGE; feature++) {
        unsigned chances = feature == SWARM_LONE_PATH || feature == SWARM_MACHINES ? 6 : 3;

        if (below(s, chances) == 0)
            s->features |= UINT64_C(1) << feature;
    }
    if (below(&later, 5) == 0)
        s->features |= UINT64_C(1) << SWARM_HUGE;
    for (unsigned kind = 0; kind < KIND_COUNT; kind++)
        if (has(s, SWARM_FC + kind))
            s->transport[s->transports++] = kind;
    if (s->transports == 0) {
        s->features |= UINT64_C(1) << SWARM_FC;
        s->transport[s->transports++] = KIND_FC;
    }
}

/* A parallel bus has room for two initiators and its array for one transport. */
static void draw_hbas(struct swarm *s)
{
    unsigned most = has(s, SWARM_MACHINES) ? 2 : MAX_HBAS;

    if (has(s, SWARM_SPI) && s->transports > 1 && below(s, 2) != 0) { /* then without it */
        without(s, SWARM_SPI);
        s->transports--; /* the last of the list */
    } else if (has(s, SWARM_SPI)) {
        s->features &= ~(UINT64_C(7) << SWARM_FC);
        s->transports = 1;
        s->transport[0] = KIND_SPI;
    }
    s->machines = has(s, SWARM_MACHINES) ? between(s, 2, MAX_MACHINES) : 1;
    if (has(s, SWARM_SPI) && has(s, SWARM_PERSONALITY))
        without(s, SWARM_SPARSE); /* that card finds the first LUNs only */
    if (has(s, SWARM_SPI)) {
        most = has(s, SWARM_MACHINES) ? 1 : 2;
        s->machines = s->machines > 2 ? 2 : s->machines;
    }
    for (unsigned m = 0; m < s->machines; m++) {
        s->hbas[m] = has(s, SWARM_LONE_PATH) ? 1 : between(s, 1, most);
        for (unsigned h = 0; h < s->hbas[m]; h++)
            s->kind[m][h] = s->transport[below(s, s->transports)];
    }
}

static void draw_arrays(struct swarm *s)
{
    s->arrays = has(s, SWARM_ARRAYS) ? 2 : 1;
    for (unsigned a = 0; a < s->arrays; a++) {
        s->controllers[a] = has(s, SWARM_CONTROLLERS) ? between(s, 2, 4) : 1;
        s->ports[a] = has(s, SWARM_PORTS) ? between(s, 2, 4) : 1;
        if (s->controllers[a] * s->ports[a] * MAX_HBAS > LUN_PATHS)
            s->ports[a] = LUN_PATHS / MAX_HBAS / s->controllers[a];
        s->class_count[a] = between(s, 1, MAX_CLASSES);
    }
}

static unsigned ports_seen(const struct swarm *s, unsigned array)
{
    return has(s, SWARM_ONE_PORT) || has(s, SWARM_LONE_PATH) ? 1 : s->controllers[array] * s->ports[array];
}

static void draw_luns(struct swarm *s)
{
    unsigned left = MAX_PATHS;

    for (unsigned a = 0; a < s->arrays; a++) {
        unsigned paths = ports_seen(s, a) * MAX_HBAS;

        for (unsigned c = 0; c < s->class_count[a]; c++) {
            unsigned wanted = has(s, SWARM_MANY_LUNS) ? between(s, 1, 12) : between(s, 1, 3);

            if (wanted > left / paths)
                wanted = left / paths > 0 ? left / paths : 1;
            s->luns[a][c] = wanted;
            left -= wanted * paths < left ? wanted * paths : left;
        }
    }
}

/* ---- sections ---------------------------------------------------------------------------------------- */
static void write_machine(struct swarm *s, unsigned m)
{
    struct buffer *out = s->out;

    buffer_printf(out, "\n[machine node%u]\ncpus = %u\n", m, between(s, 2, 8));
    buffer_printf(out, "parameter = PDORemovePeriod, %u\n", has(s, SWARM_PATIENT) ? between(s, 60, 300) : between(s, 15, 60));
    if (has(s, SWARM_VERIFY))
        buffer_printf(out, "parameter = PathVerifyEnabled, 1\nparameter = PathVerificationPeriod, %u\n", between(s, 1, 40));
    if (has(s, SWARM_RECOVERY))
        buffer_printf(out, "parameter = UseCustomPathRecoveryInterval, 1\nparameter = PathRecoveryInterval, %u\n",
                      between(s, 1, 20));
    if (has(s, SWARM_RETRY)) {
        unsigned interval = between(s, 1, 3);

        buffer_printf(out, "parameter = RetryCount, %u\nparameter = RetryInterval, %u\n", between(s, LEAST_RETRIES, 10),
                      interval);
    }
}

/* A port name as the kind has it; number: of the HBA in the world. */
static void initiator_name(unsigned kind, unsigned number, char *text, size_t size)
{
    static const char *const formats[KIND_COUNT] = {"10000000c9aa%04x", "iqn.2026-01.org.openmpio:swarm.%u", "5000c500aabb%04x",
                                                    "spi-%u"};

    snprintf(text, size, formats[kind], number + 1);
}

static void write_hba(struct swarm *s, unsigned m, unsigned h, unsigned number)
{
    struct buffer *out = s->out;
    char initiator[64];
    unsigned hold = has(s, SWARM_NO_HOLD) || s->kind[m][h] == KIND_SPI ? 0 : between(s, 100, 8000);
    unsigned loss = hold + (has(s, SWARM_QUICK_LOSS) ? between(s, 0, 500) : between(s, 1000, 25000));

    initiator_name(s->kind[m][h], number, initiator, sizeof initiator);
    buffer_printf(out, "\n[hba hba%u]\nmachine = node%u\nkind = %s\ninitiator = %s\n", number, m, kinds[s->kind[m][h]],
                  initiator);
    if (has(s, SWARM_PERSONALITY))
        buffer_printf(out, "personality = %s\n", makes[s->kind[m][h]][below(s, 2)]);
    if (!has(s, SWARM_PERSONALITY) || below(s, 2) != 0)
        buffer_printf(out, "link-down-time = %ums\ndev-loss-time = %ums\n", hold, loss);
    if (has(s, SWARM_FABRICS) && s->kind[m][h] == KIND_FC)
        buffer_printf(out, "fabric = %s\n", number % 2 == 0 ? "east" : "west");
    if (has(s, SWARM_BANDWIDTH) && below(s, 2) != 0)
        buffer_printf(out, "bandwidth = %uM\n", between(s, 8, 400));
    if (has(s, SWARM_UNTAGGED) && below(s, 2) != 0)
        buffer_append_text(out, "tagged = no\n");
    else if (has(s, SWARM_SHALLOW) && !has(s, SWARM_PERSONALITY))
        buffer_printf(out, "queue-depth = %u\n", between(s, 1, 6));
}

/* At least one that names the LUN, in any order with any others. */
static void write_designators(struct swarm *s)
{
    static const char *const names[] = {"naa", "t10", "long-t10", "eui64", "name", "vendor", "port-name", "relative-port",
                                        "port-group", "lun-group", "target-name"};
    enum { COUNT = sizeof names / sizeof *names, OF_THE_LUN = 5 };
    unsigned order[COUNT], chosen = between(s, 0, COUNT - 1), sure = below(s, OF_THE_LUN);

    for (unsigned i = 0; i < COUNT; i++)
        order[i] = i;
    for (unsigned i = COUNT - 1; i > 0; i--) {
        unsigned j = below(s, i + 1), kept = order[i];

        order[i] = order[j];
        order[j] = kept;
    }
    buffer_append_text(s->out, "designators = ");
    for (unsigned i = 0; i < chosen; i++)
        if (order[i] != sure)
            buffer_printf(s->out, "%s, ", names[order[i]]);
    buffer_printf(s->out, "%s\n", names[sure]);
}

static void write_array(struct swarm *s, unsigned a)
{
    static const char *const quirks[] = {"hidden-alua", "no-persistent", "no-simple-reserve", "no-command-list", "ghost-lun"};
    struct buffer *out = s->out;

    buffer_printf(out, "\n[array array%u]\nvendor = SWARM\nproduct = \"Seeded Array %u\"\naccess = symmetric\n", a, a);
    buffer_printf(out, "controllers = %u\nports-per-controller = %u\n", s->controllers[a], s->ports[a]);
    if (has(s, SWARM_TRANSPORT) && s->transports == 1)
        buffer_printf(out, "transport = %s\n", kinds[s->transport[0]]);
    if (has(s, SWARM_IDENTITY))
        write_designators(s);
    if (has(s, SWARM_QUIRKS)) {
        const char *second = quirks[2 + below(s, 3)];

        buffer_printf(out, "quirks = %s, %s\n", quirks[below(s, 2)], second);
    }
    if (has(s, SWARM_BANDWIDTH) && below(s, 2) != 0)
        buffer_printf(out, "port-bandwidth = %uM\n", between(s, 8, 400));
    if (has(s, SWARM_DESCRIPTOR))
        buffer_append_text(out, "descriptor-sense = yes\n");
    if (has(s, SWARM_LIMITS)) {
        unsigned port_depth = between(s, 8, 64);

        buffer_printf(out, "lun-depth = %u\nport-depth = %u\n", between(s, 2, 16), port_depth);
    }
    if (has(s, SWARM_CACHE))
        buffer_printf(out, "volatile-blocks = %u\n", between(s, 16, 4096));
    if (has(s, SWARM_THIN)) /* room for everything; the threshold is crossed all the same */
        buffer_printf(out, "pool-size = 4G\npool-threshold = %u\n", between(s, 1, 5));
}

/* Whose LUNs they are: with masking, the machines take turns. */
static bool sees(const struct swarm *s, unsigned m, unsigned c)
{
    return !has(s, SWARM_MASKED) || c % s->machines == m;
}

static void write_hosts(struct swarm *s, unsigned c)
{
    unsigned number = 0;
    const char *separator = "hosts = ";

    for (unsigned m = 0; m < s->machines; m++) {
        for (unsigned h = 0; h < s->hbas[m]; h++, number++) {
            char initiator[64];

            if (!sees(s, m, c))
                continue;
            initiator_name(s->kind[m][h], number, initiator, sizeof initiator);
            buffer_printf(s->out, "%s%s", separator, initiator);
            separator = ", ";
        }
    }
    buffer_append_text(s->out, "\n");
}

static void write_luns(struct swarm *s, unsigned a)
{
    struct buffer *out = s->out;
    unsigned number = has(s, SWARM_SPARSE) ? between(s, 0, 20) : 0;
    const char *unit = !has(s, SWARM_HUGE) ? "M" : s->arrays == 1 ? "G" : "T"; /* beyond 24, and beyond 32 bits of LBA */
    unsigned size;

    for (unsigned c = 0; c < s->class_count[a]; c++) {
        size = between(s, 4, 32);
        if (has(s, SWARM_HUGE)) /* halves of it, a machine's each, meet in one block when an LBA loses its top */
            size = size / 16 * 16 + 16;
        buffer_printf(out, "\n[lun %s%u-]\narray = array%u\nnumber = %u\ncount = %u\nsize = %u%s\n", classes[c], a, a, number,
                      s->luns[a][c], size, unit);
        number += s->luns[a][c] + (has(s, SWARM_SPARSE) ? between(s, 0, 40) : 0);
        if (has(s, SWARM_BIG_BLOCKS) && below(s, 2) != 0)
            buffer_append_text(out, "block-size = 4096\n");
        else if (has(s, SWARM_BIG_BLOCKS))
            buffer_append_text(out, "physical-block = 4096\n");
        if (has(s, SWARM_THIN) && below(s, 2) != 0)
            buffer_append_text(out, "thin-pool = yes\n");
        if (has(s, SWARM_MASKED))
            write_hosts(s, c);
    }
}

static void write_link(struct swarm *s, unsigned hba, unsigned a)
{
    struct buffer *out = s->out;
    unsigned latency = has(s, SWARM_FAR) ? between(s, 2000, 20000) : between(s, 10, 500);

    if (has(s, SWARM_UNEVEN) && below(s, 2) != 0)
        latency *= between(s, 2, 10);
    buffer_printf(out, "\n[link link%u-%u]\nhba = hba%u\narray = array%u\n", hba, a, hba, a);
    if (ports_seen(s, a) == 1)
        buffer_printf(out, "port = %u\n", has(s, SWARM_LONE_PATH) ? 0 : hba % (s->controllers[a] * s->ports[a]));
    else
        buffer_append_text(out, "ports = all\n");
    buffer_printf(out, "latency = %uus\n", latency);
    if (has(s, SWARM_JITTER))
        buffer_printf(out, "jitter = %uus\n", between(s, 1, latency));
    if (has(s, SWARM_BANDWIDTH))
        buffer_printf(out, "bandwidth = %uM\n", between(s, 4, 200));
}

static unsigned read_percent(struct swarm *s)
{
    if (has(s, SWARM_WRITES))
        return below(s, 20);
    return has(s, SWARM_READS) ? 80 + below(s, 21) : between(s, 20, 80);
}

/* Rate and size of one of `streams`, so that all stay within the totals. */
static void write_load(struct swarm *s, unsigned m, unsigned c, unsigned streams)
{
    bool closed = has(s, SWARM_CLOSED) && has(s, SWARM_FAR) && streams <= CLOSED_MOST;
    unsigned kib = (has(s, SWARM_BIG_BLOCKS) ? 4u : 1u) << (has(s, SWARM_LARGE) ? between(s, 5, 8) : between(s, 0, 4));
    unsigned rate = TOTAL_RATE / streams;

    while (kib > 4 && (closed || kib * streams > TOTAL_KIB))
        kib /= 2;
    if (rate * kib * streams > TOTAL_KIB)
        rate = TOTAL_KIB / kib / streams;
    buffer_printf(s->out, "\n[load load%u-%s]\nmachine = node%u\nlun = %s*\nread = %u\nio-size = %uK\n", m, classes[c], m,
                  classes[c], read_percent(s), kib);
    if (closed) {
        buffer_append_text(s->out, "queue-depth = 1\nrate = 0\n");
    } else {
        rate = between(s, rate / 2 + 1, rate + rate / 2 + 1);
        buffer_printf(s->out, "queue-depth = %u\nrate = %u\n", between(s, 1, 16), rate);
    }
    if (!has(s, SWARM_WIDE)) /* blocks are written and read again and again */
        buffer_printf(s->out, "span = %uK\n", kib * between(s, 10, 80));
}

/* ---- the file ----------------------------------------------------------------------------------------- */
/* Disks with load on all machines. */
static unsigned count_streams(const struct swarm *s)
{
    unsigned count = 0;

    for (unsigned m = 0; m < s->machines; m++)
        for (unsigned a = 0; a < s->arrays; a++)
            for (unsigned c = 0; c < s->class_count[a]; c++)
                count += sees(s, m, c) ? s->luns[a][c] : 0;
    return count;
}

static void write_head(const struct swarm *s, uint64_t seed, const struct swarm_world *world)
{
    const char *separator = "";

    buffer_printf(s->out, "; World of seed %llu, by mpio soak: --faults %u%s%s\n; ", (unsigned long long)seed, world->faults,
                  world->harsh ? " --swarm" : "", world->explore ? " --explore" : "");
    for (unsigned feature = 0; feature < SWARM_FEATURE_COUNT; feature++) {
        if (!has(s, feature))
            continue;
        buffer_printf(s->out, "%s%s", separator, swarm_feature_names[feature]);
        separator = ", ";
    }
    buffer_printf(s->out, "\n\n[world]\nseed = %llu\n", (unsigned long long)seed);
}

static void write_links(struct swarm *s)
{
    unsigned number = 0;

    for (unsigned m = 0; m < s->machines; m++)
        for (unsigned h = 0; h < s->hbas[m]; h++, number++)
            for (unsigned a = 0; a < s->arrays; a++)
                write_link(s, number, a);
}

static void write_loads(struct swarm *s)
{
    unsigned most = s->class_count[0], streams = count_streams(s);

    if (s->arrays == 2 && s->class_count[1] > most)
        most = s->class_count[1];
    for (unsigned m = 0; m < s->machines; m++)
        for (unsigned c = 0; c < most; c++)
            if (sees(s, m, c))
                write_load(s, m, c, streams);
}

bool swarm_topology_write(uint64_t seed, struct buffer *out, struct swarm_world *world)
{
    struct swarm s = {.out = out, .random = seed * 0xd1342543de82ef95u};
    unsigned number = 0;

    draw_features(&s);
    draw_hbas(&s);
    draw_arrays(&s);
    if (s.machines > 1 && s.class_count[0] < s.machines)
        without(&s, SWARM_MASKED); /* somebody would have no LUN, and a machine without LUNs does not boot */
    if (s.machines == 1)
        without(&s, SWARM_MASKED);
    draw_luns(&s);
    world->features = s.features;
    world->explore = below(&s, 3) == 0;
    world->faults = below(&s, 12) == 0 ? 0 : between(&s, 1, 16);
    world->harsh = below(&s, 2) != 0 && world->faults != 0;
    write_head(&s, seed, world);
    for (unsigned m = 0; m < s.machines; m++)
        write_machine(&s, m);
    for (unsigned m = 0; m < s.machines; m++)
        for (unsigned h = 0; h < s.hbas[m]; h++)
            write_hba(&s, m, h, number++);
    for (unsigned a = 0; a < s.arrays; a++) {
        write_array(&s, a);
        write_luns(&s, a);
    }
    write_links(&s);
    write_loads(&s);
    return !out->failed;
}
