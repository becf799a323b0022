/* SPDX-License-Identifier: MIT */
/*
 * The ghost initiator. Its commands take no time and no path; they obey the array as anybody's do, and
 * the reservation checker sees them. Called by scenarios between commands; allocates at its first act.
 */
#include "world/ghost.h"

#include <stdlib.h>
#include <string.h>

#include "array/wire.h"
#include "world/check.h"
#include "world/world_private.h"

#define GHOST_NAME   "iqn.2024-01.example.openmpio:ghost"
#define GHOST_KEY    UINT64_C(0x67686f73744b6579)
#define GHOST_PORT   0u
#define TRIES        8  /* unit attentions are taken off before a command counts */
#define LIST_BYTES   24
#define ANSWER_BYTES 4096
#define CHECK_CONDITION 0x02
#define DEFAULT_TYPE 5u /* write exclusive, registrants only */

enum { RESERVE_6 = 0x16, RELEASE_6 = 0x17, PERSISTENT_IN = 0x5e, PERSISTENT_OUT = 0x5f };
enum { READ_KEYS, READ_RESERVATION };
enum { PR_RESERVE = 1, PR_RELEASE, PR_CLEAR, PR_PREEMPT, PR_PREEMPT_AND_ABORT, PR_REGISTER_AND_IGNORE };

struct ghost {
    struct ghost *next;
    struct world *world;
    struct array *array;
    struct array_nexus *nexus;
    uint8_t lun[8];
};

void ghost_destroy_all(struct world *w)
{
    while (w->ghosts != NULL) {
        struct ghost *next = w->ghosts->next;

        free(w->ghosts);
        w->ghosts = next;
    }
}

/* NULL: out of memory, or the array takes no more initiators. */
static struct ghost *find_or_make(struct world *w, struct array *a)
{
    struct ghost *g = w->ghosts;

    while (g != NULL && g->array != a)
        g = g->next;
    if (g != NULL)
        return g;
    g = calloc(1, sizeof *g);
    if (g == NULL)
        return NULL;
    g->world = w;
    g->array = a;
    g->nexus = array_login(a, GHOST_PORT, GHOST_NAME);
    if (g->nexus == NULL) {
        free(g);
        return NULL;
    }
    g->next = w->ghosts;
    w->ghosts = g;
    return g;
}

/* True: GOOD. */
static bool command(struct ghost *g, const uint8_t *cdb, unsigned cdb_length, void *data, uint32_t length,
                    bool out)
{
    struct check_sender sender = {g->world, NULL, g->array, g->nexus, GHOST_NAME, GHOST_PORT};
    struct array_cmd cmd = {
        .cdb = cdb, .cdb_length = (uint8_t)cdb_length, .data = data, .length = length, .out = out};

    memcpy(cmd.lun, g->lun, sizeof cmd.lun);
    for (unsigned i = 0; i < TRIES; i++) {
        if (array_execute(g->nexus, &cmd) != ARRAY_DONE)
            return false;
        if (check_concerns(g->world, &cmd))
            check_executed(&sender, &cmd);
        if (cmd.status != CHECK_CONDITION)
            break;
    }
    return cmd.status == 0;
}

static bool persistent_out(struct ghost *g, unsigned action, unsigned type, uint64_t key, uint64_t target)
{
    uint8_t cdb[10] = {PERSISTENT_OUT, (uint8_t)action, (uint8_t)type, 0, 0, 0, 0, 0, LIST_BYTES};
    uint8_t list[LIST_BYTES] = {0};

    put_64(list, key);
    put_64(list + 8, target);
    return command(g, cdb, sizeof cdb, list, sizeof list, true);
}

static bool enrol(struct ghost *g, uint64_t key)
{
    return persistent_out(g, PR_REGISTER_AND_IGNORE, 0, 0, key);
}

/* The additional bytes of a PERSISTENT RESERVE IN answer; 0: none, or no answer. */
static uint32_t persistent_in(struct ghost *g, unsigned action, uint8_t answer[ANSWER_BYTES])
{
    uint8_t cdb[10] = {PERSISTENT_IN, (uint8_t)action, 0, 0, 0, 0, 0, ANSWER_BYTES >> 8, 0};
    uint32_t length;

    memset(answer, 0, ANSWER_BYTES);
    if (!command(g, cdb, sizeof cdb, answer, ANSWER_BYTES, false))
        return 0;
    length = (uint32_t)get_64(answer);
    return length < ANSWER_BYTES - 8 ? length : ANSWER_BYTES - 8;
}

/* The reservation's type, 0: none; *key is the holder's, 0 for the all-registrants types. */
static unsigned reservation(struct ghost *g, uint64_t *key)
{
    uint8_t answer[ANSWER_BYTES];

    if (persistent_in(g, READ_RESERVATION, answer) < 16)
        return 0;
    *key = get_64(answer + 8);
    return answer[21] & 0x0f;
}

/* Takes the reservation from whoever has it, and the registrations of everybody else. */
static void preempt(struct ghost *g, unsigned type)
{
    uint8_t answer[ANSWER_BYTES];
    uint64_t holder = 0;
    unsigned present = reservation(g, &holder);
    uint32_t keys;

    type = type != 0 ? type : present != 0 ? present : DEFAULT_TYPE;
    if (!enrol(g, GHOST_KEY))
        return;
    if (present != 0 && holder != GHOST_KEY)
        persistent_out(g, PR_PREEMPT_AND_ABORT, type, GHOST_KEY, holder);
    keys = persistent_in(g, READ_KEYS, answer);
    for (uint32_t i = 0; i + 8 <= keys; i += 8)
        if (get_64(answer + 8 + i) != GHOST_KEY)
            persistent_out(g, PR_PREEMPT_AND_ABORT, type, GHOST_KEY, get_64(answer + 8 + i));
    if (reservation(g, &holder) == 0)
        persistent_out(g, PR_RESERVE, type, GHOST_KEY, 0);
}

void ghost_act(struct world *w, struct array *a, uint16_t lun, enum topology_ghost what, unsigned type)
{
    struct ghost *g = find_or_make(w, a);
    uint8_t cdb[6] = {RESERVE_6};
    uint64_t holder;

    if (g == NULL)
        return;
    memset(g->lun, 0, sizeof g->lun);
    g->lun[0] = (uint8_t)(lun < 256 ? 0 : 0x40 | lun >> 8);
    g->lun[1] = (uint8_t)lun;
    switch (what) {
    case GHOST_REGISTER:
        enrol(g, GHOST_KEY);
        break;
    case GHOST_UNREGISTER:
        enrol(g, 0);
        break;
    case GHOST_RESERVE:
        if (enrol(g, GHOST_KEY))
            persistent_out(g, PR_RESERVE, type != 0 ? type : DEFAULT_TYPE, GHOST_KEY, 0);
        break;
    case GHOST_RELEASE:
        persistent_out(g, PR_RELEASE, reservation(g, &holder), GHOST_KEY, 0);
        break;
    case GHOST_PREEMPT:
        preempt(g, type);
        break;
    case GHOST_CLEAR:
        if (enrol(g, GHOST_KEY))
            persistent_out(g, PR_CLEAR, 0, GHOST_KEY, 0);
        break;
    case GHOST_RELEASE_UNIT:
        cdb[0] = RELEASE_6;
        command(g, cdb, sizeof cdb, NULL, 0, false);
        break;
    case GHOST_RESERVE_UNIT:
        command(g, cdb, sizeof cdb, NULL, 0, false);
        break;
    }
}
