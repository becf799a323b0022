/* SPDX-License-Identifier: MIT */
/*
 * What one section cannot know alone: defaults by kind, numbers that must be free, ports that must
 * exist, target ids. Runs once per parse, after all keys are read; errors name the line of the value.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/number.h"
#include "world/topology_private.h"

/* A port name of the form that the transport uses, from the HBA's place in the file. */
static void default_initiator(struct topology_hba *hba, size_t index)
{
    char *name = hba->initiator;
    size_t size = sizeof hba->initiator;

    switch (hba->kind) {
    case HBA_ISCSI:
        snprintf(name, size, "iqn.2026-01.org.openmpio:%s", hba->object.name);
        break;
    case HBA_SAS:
        snprintf(name, size, "5000c500%08zx", index + 1);
        break;
    case HBA_SPI:
        snprintf(name, size, "spi-%zu", index);
        break;
    default:
        snprintf(name, size, "10000000c9%06zx", index + 1);
        break;
    }
}

static const char *first_given(const struct topology_object *object, const char *const *keys)
{
    while (*keys != NULL && ini_find(object->section, *keys, NULL) == NULL)
        keys++;
    return *keys;
}

/* Which keys go with kind = driver, and the names of its adapters: the section's, numbered when there are several. */
static bool check_driver(const struct topology *t, struct topology_hba *hba, struct text_error *error)
{
    static const char *const of_driver[] = {"file", "service", "adapters", "parameter", NULL};
    static const char *const of_others[] = {"initiator", "queue-depth", "link-down-time", "dev-loss-time",
                                            "personality", "fabric", "bandwidth", "tagged", NULL};
    const struct topology_object *o = &hba->object;
    bool driver = hba->kind == HBA_DRIVER;
    const char *key = first_given(o, driver ? of_others : of_driver);
    char name[TOPOLOGY_NAME_MAX + 8];

    if (key != NULL && driver)
        return topology_error(t, o, key, error, "%s of %s: an HBA of kind driver leaves that to its miniport; it takes "
                              "parameter = NAME, NUMBER for the miniport's own settings", key, o->name);
    if (key != NULL)
        return topology_error(t, o, key, error, "%s of %s goes with kind = driver only", key, o->name);
    if (!driver)
        return true;
    if (hba->file == NULL)
        return topology_error(t, o, "kind", error, "%s of kind driver needs file = the miniport's .so or .sys", o->name);
    if (hba->service != NULL && strspn(hba->service, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") !=
                                    strlen(hba->service))
        return topology_error(t, o, "service", error, "service \"%.31s\": letters, digits, \"-\" and \"_\" only",
                              hba->service);
    for (uint32_t i = 0; hba->adapters > 1 && i < hba->adapters; i++) {
        snprintf(name, sizeof name, "%s%u", o->name, i);
        if (strlen(name) > TOPOLOGY_NAME_MAX)
            return topology_error(t, o, "adapters", error, "the adapters of %s would have names longer than %u characters",
                                  o->name, TOPOLOGY_NAME_MAX);
        if (topology_find(t, SECTION_HBA, name) != TOPOLOGY_NONE)
            return topology_error(t, o, "adapters", error, "[hba %s] exists: it is the name of an adapter of %s too", name,
                                  o->name);
    }
    hba->link_down_time = hba->dev_loss_time = 0;
    return true;
}

static bool fail_personality(const struct topology *t, const struct topology_hba *hba, struct text_error *error)
{
    const char *names[16];
    char list[160];
    size_t count = 0;

    for (; count < sizeof names / sizeof *names && hba_personality((unsigned)count) != NULL; count++)
        names[count] = hba_personality((unsigned)count)->name;
    topology_list_names(names, count, list, sizeof list);
    return topology_error(t, &hba->object, "personality", error, "there is no HBA personality \"%.31s\"; known: %s",
                          hba->personality_name, list);
}

/* What the section leaves open is the personality's. */
static bool take_personality(const struct topology *t, struct topology_hba *hba, struct text_error *error)
{
    const struct topology_object *o = &hba->object;
    const struct hba_personality *p = hba_plain_personality(hba->kind);

    if (hba->personality_name != NULL) {
        p = hba_find_personality(hba->personality_name);
        if (p == NULL)
            return fail_personality(t, hba, error);
        if (ini_find(o->section, "kind", NULL) != NULL && p->kind != hba->kind)
            return topology_error(t, o, "personality", error, "%s is no adapter of the kind that %s has", p->name, o->name);
        hba->kind = p->kind;
        hba->personality = p;
    }
    if (ini_find(o->section, "tagged", NULL) == NULL)
        hba->tagged = !p->untagged;
    if (hba->queue_depth == 0)
        hba->queue_depth = hba->tagged ? p->queue_depth : 1;
    if (!hba->tagged && hba->queue_depth != 1)
        return topology_error(t, o, "queue-depth", error, "without tagged queueing %s has one command per LUN; leave "
                              "queue-depth out or say tagged = yes", o->name);
    if (hba->link_down_time == WORLD_NEVER)
        hba->link_down_time = p->link_down_time;
    if (hba->dev_loss_time == WORLD_NEVER)
        hba->dev_loss_time = p->dev_loss_time > hba->link_down_time ? p->dev_loss_time : hba->link_down_time;
    return true;
}

static bool check_hbas(struct topology *t, struct text_error *error)
{
    for (size_t i = 0; i < t->hba_count; i++) {
        struct topology_hba *hba = &t->hbas[i];

        if (!check_driver(t, hba, error))
            return false;
        if (hba->kind == HBA_DRIVER)
            continue;
        if (!take_personality(t, hba, error))
            return false;
        if (hba->initiator[0] == '\0')
            default_initiator(hba, i);
        if (hba->dev_loss_time < hba->link_down_time)
            return topology_error(t, &hba->object, "dev-loss-time", error,
                                  "dev-loss-time of %s is shorter than its link-down-time; both count "
                                  "from the loss",
                                  hba->object.name);
        for (size_t j = 0; j < i; j++)
            if (strcmp(t->hbas[j].initiator, hba->initiator) == 0)
                return topology_error(t, &hba->object, "initiator", error,
                                      "initiator \"%.60s\" is the name of %s already; two HBAs must "
                                      "differ",
                                      hba->initiator, t->hbas[j].object.name);
    }
    return true;
}

/* CHAP: of each side name and secret, and the target's side only when the initiator has to show its own. */
static bool check_chap(const struct topology *t, const struct topology_object *object,
                       const char *const chap[4], struct text_error *error)
{
    if ((chap[0] == NULL) != (chap[1] == NULL))
        return topology_error(t, object, "user", error, "user and secret go together");
    if ((chap[2] == NULL) != (chap[3] == NULL))
        return topology_error(t, object, "target-user", error,
                              "target-user and target-secret go together");
    if (chap[2] != NULL && chap[0] == NULL)
        return topology_error(t, object, "target-user", error,
                              "target-user (mutual CHAP) needs user and secret too");
    return true;
}

static bool check_iscsi_name(const struct topology *t, const struct topology_object *object,
                             const char *name, struct text_error *error)
{
    if (strncmp(name, "iqn.", 4) != 0 && strncmp(name, "eui.", 4) != 0 &&
        strncmp(name, "naa.", 4) != 0)
        return topology_error(t, object, "target", error,
                              "target \"%.60s\"; an iSCSI name begins with iqn., eui. or naa.",
                              name);
    return true;
}

static bool check_arrays(struct topology *t, struct text_error *error)
{
    for (size_t i = 0; i < t->array_count; i++) {
        struct topology_array *array = &t->arrays[i];

        if (array->controllers * array->ports_per_controller > ARRAY_MAX_PORTS)
            return topology_error(t, &array->object, "ports-per-controller", error,
                                  "%u controllers with %u ports each; an array has at most %u ports",
                                  array->controllers, array->ports_per_controller, ARRAY_MAX_PORTS);
        const char *const chap[4] = {array->user, array->secret, array->target_user, array->target_secret};
        if (!check_chap(t, &array->object, chap, error) ||
            (array->target != NULL && !check_iscsi_name(t, &array->object, array->target, error)))
            return false;
        if (ini_find(array->object.section, "naa", NULL) == NULL)
            array->naa = i + 1;
        for (size_t j = 0; j < i; j++)
            if (t->arrays[j].naa == array->naa)
                return topology_error(t, &array->object, "naa", error,
                                      "naa 0x%llx is the number of %s already; LUNs of both would look "
                                      "the same",
                                      (unsigned long long)array->naa, t->arrays[j].object.name);
    }
    return true;
}

/* ---- LUNs ----------------------------------------------------------------------------------------- */
static bool check_lun(struct topology *t, struct topology_lun *lun, struct text_error *error)
{
    const struct topology_object *o = &lun->object;
    uint64_t logical = lun->physical_block / lun->block_size; /* blocks in a physical one */

    if (lun->physical_block % lun->block_size != 0 || (logical & (logical - 1)) != 0 || logical > 1 << 15)
        return topology_error(t, o, "physical-block", error,
                              "physical-block of %s is not its block-size %u times 1, 2, 4 ... 32768", o->name,
                              lun->block_size);
    if (lun->first_aligned != 0 && lun->first_aligned >= logical)
        return topology_error(t, o, "first-aligned", error,
                              "first-aligned of %s is no block of its first physical block", o->name);
    if (lun->size % lun->block_size != 0)
        return topology_error(t, o, "size", error, "size of %s is no multiple of its block-size %u",
                              o->name, lun->block_size);
    if (lun->media == ARRAY_MEDIA_FILE && lun->file == NULL)
        return topology_error(t, o, "media", error, "media = file needs file = NAME");
    if (lun->media != ARRAY_MEDIA_FILE && lun->file != NULL)
        return topology_error(t, o, "file", error, "file = NAME needs media = file");
    if (lun->count != 1 && lun->file != NULL)
        return topology_error(t, o, "count", error, "several LUNs cannot share one file");
    if (lun->count != 1 && lun->serial != NULL)
        return topology_error(t, o, "count", error, "several LUNs cannot share one serial number");
    if (lun->owner != TOPOLOGY_OWNER_SPREAD && lun->owner >= t->arrays[lun->array].controllers)
        return topology_error(t, o, "owner", error, "owner %u: %s has controllers 0 to %u", lun->owner,
                              t->arrays[lun->array].object.name,
                              t->arrays[lun->array].controllers - 1);
    return true;
}

/* Marks the numbers of a section as used; the first that was used already, or ARRAY_MAX_LUNS. */
static uint32_t take_numbers(uint8_t *used, const struct topology_lun *lun)
{
    for (uint32_t n = lun->number; n < lun->number + lun->count; n++) {
        if (used[n] != 0)
            return n;
        used[n] = 1;
    }
    return ARRAY_MAX_LUNS;
}

static bool number_luns(struct topology *t, size_t array, uint8_t *used, struct text_error *error)
{
    uint32_t next = 0; /* one above the highest number so far */

    memset(used, 0, ARRAY_MAX_LUNS);
    for (size_t i = 0; i < t->lun_count; i++) {
        struct topology_lun *lun = &t->luns[i];
        uint32_t twice;

        if (lun->array != array)
            continue;
        if (lun->number == UINT32_MAX)
            lun->number = next;
        if (lun->number + lun->count > ARRAY_MAX_LUNS)
            return topology_error(t, &lun->object, "count", error,
                                  "LUNs %u to %u of %s; the highest number is %u", lun->number,
                                  lun->number + lun->count - 1, lun->object.name, ARRAY_MAX_LUNS - 1);
        twice = take_numbers(used, lun);
        if (twice != ARRAY_MAX_LUNS)
            return topology_error(t, &lun->object, "number", error, "%s has LUN %u already",
                                  t->arrays[array].object.name, twice);
        if (lun->number + lun->count > next)
            next = lun->number + lun->count;
    }
    return true;
}

static bool check_luns(struct topology *t, struct text_error *error)
{
    uint8_t *used;
    uint32_t total = 0;
    bool good = true;

    for (size_t i = 0; i < t->lun_count; i++) {
        if (!check_lun(t, &t->luns[i], error))
            return false;
        total += t->luns[i].count;
        if (total > TOPOLOGY_MAX_LUNS)
            return topology_error(t, &t->luns[i].object, "count", error,
                                  "more than %u LUNs in one world", TOPOLOGY_MAX_LUNS);
    }
    used = malloc(ARRAY_MAX_LUNS);
    if (used == NULL)
        return text_error_set(error, ini_file_name(t->ini), 0, 0, "out of memory");
    for (size_t array = 0; array < t->array_count && good; array++)
        good = number_luns(t, array, used, error);
    free(used);
    return good;
}

/* ---- links and paths ------------------------------------------------------------------------------ */
static bool take_targets(struct topology *t, const struct topology_object *object, size_t hba,
                         uint32_t count, struct text_error *error)
{
    t->hbas[hba].targets += count;
    if (t->hbas[hba].targets > HBA_MAX_TARGETS)
        return topology_error(t, object, "hba", error, "%s would have %u targets; an HBA has at most %u",
                              t->hbas[hba].object.name, t->hbas[hba].targets, HBA_MAX_TARGETS);
    return true;
}

static bool check_link_is_new(const struct topology *t, size_t index, struct text_error *error)
{
    const struct topology_link *link = &t->links[index];

    for (size_t i = 0; i < index; i++) {
        const struct topology_link *other = &t->links[i];

        if (other->hba == link->hba && other->array == link->array &&
            other->port < link->port + link->ports && link->port < other->port + other->ports)
            return topology_error(t, &link->object, "port", error,
                                  "%s and %s connect the same HBA with the same port of %s",
                                  other->object.name, link->object.name,
                                  t->arrays[link->array].object.name);
    }
    return true;
}

/* A parallel SCSI bus is an array's port with the adapters on it: two at most. */
static bool check_bus(const struct topology *t, size_t index, struct text_error *error)
{
    const struct topology_link *link = &t->links[index];

    for (uint32_t port = link->port; t->hbas[link->hba].kind == HBA_SPI && port < link->port + link->ports; port++) {
        unsigned others = 0;

        for (size_t i = 0; i < index; i++)
            others += t->links[i].array == link->array && t->hbas[t->links[i].hba].kind == HBA_SPI &&
                      port - t->links[i].port < t->links[i].ports;
        if (others >= FABRIC_BUS_INITIATORS)
            return topology_error(t, &link->object, "port", error,
                                  "%s would be initiator number %u on the parallel SCSI bus at port %u of %s; a bus has "
                                  "at most %u", t->hbas[link->hba].object.name, others + 1, port,
                                  t->arrays[link->array].object.name, FABRIC_BUS_INITIATORS);
    }
    return true;
}

static bool check_links(struct topology *t, struct text_error *error)
{
    for (size_t i = 0; i < t->link_count; i++) {
        struct topology_link *link = &t->links[i];
        const struct topology_array *array = &t->arrays[link->array];
        uint32_t ports = array->controllers * array->ports_per_controller;

        if (t->hbas[link->hba].kind == HBA_DRIVER)
            return topology_error(t, &link->object, "hba", error,
                                  "%s is a driver's: what it reaches is its miniport's matter, it takes no [link]",
                                  t->hbas[link->hba].object.name);
        if (link->ports == 0) {
            if (ini_find(link->object.section, "port", NULL) != NULL)
                return topology_error(t, &link->object, "port", error,
                                      "give either port = N or ports = all");
            link->ports = ports;
        }
        if (link->port >= ports)
            return topology_error(t, &link->object, "port", error, "port %u: %s has ports 0 to %u",
                                  link->port, array->object.name, ports - 1);
        link->first_target = t->hbas[link->hba].targets;
        if (!take_targets(t, &link->object, link->hba, link->ports, error) ||
            !check_link_is_new(t, i, error) || !check_bus(t, i, error))
            return false;
    }
    return true;
}

/* HOST:PORT or [ADDRESS]:PORT, the port from 1 to 65535. */
static bool portal_is_good(const char *portal)
{
    const char *colon = strrchr(portal, ':');
    size_t length;
    uint64_t port;

    if (colon == NULL || colon == portal || !text_parse_unsigned(colon + 1, 1, 65535, &port, NULL))
        return false;
    length = (size_t)(colon - portal);
    if (portal[0] == '[')
        return length > 2 && portal[length - 1] == ']' &&
               strspn(portal + 1, "0123456789abcdefABCDEF:.%") == length - 2;
    return strcspn(portal, ":[] \t/@") == length;
}

static bool check_login(const struct topology *t, const struct topology_path *path,
                        struct text_error *error)
{
    const char *const chap[4] = {path->user, path->secret, path->target_user, path->target_secret};

    if (!check_chap(t, &path->object, chap, error))
        return false;
    if (!portal_is_good(path->portal))
        return topology_error(t, &path->object, "portal", error,
                              "portal \"%.60s\"; accepted: HOST:PORT or [ADDRESS]:PORT, as in "
                              "127.0.0.1:3260",
                              path->portal);
    return check_iscsi_name(t, &path->object, path->target, error);
}

/* The machine of a path: as written, its HBA's, or the only one. */
static bool place_path(struct topology *t, struct topology_path *path, struct text_error *error)
{
    const struct topology_hba *hba = path->hba != TOPOLOGY_NONE ? &t->hbas[path->hba] : NULL;

    if (path->machine == TOPOLOGY_NONE && hba != NULL)
        path->machine = hba->machine;
    if (path->machine == TOPOLOGY_NONE && t->machine_count == 1)
        path->machine = 0;
    if (path->machine == TOPOLOGY_NONE)
        return topology_error(t, &path->object, NULL, error,
                              "[path %s] needs machine = NAME, or hba = NAME", path->object.name);
    if (hba != NULL && hba->machine != path->machine)
        return topology_error(t, &path->object, "machine", error, "%s is an HBA of %s, not of %s",
                              hba->object.name, t->machines[hba->machine].object.name,
                              t->machines[path->machine].object.name);
    if (hba == NULL && topology_find(t, SECTION_HBA, path->object.name) != TOPOLOGY_NONE)
        return topology_error(t, &path->object, NULL, error,
                              "[path %s] makes an HBA of its own name, but [hba %s] exists; say "
                              "hba = %s or rename it",
                              path->object.name, path->object.name, path->object.name);
    return true;
}

static bool check_paths(struct topology *t, struct text_error *error)
{
    for (size_t i = 0; i < t->path_count; i++) {
        struct topology_path *path = &t->paths[i];
        struct topology_hba *hba = path->hba != TOPOLOGY_NONE ? &t->hbas[path->hba] : NULL;

        if (!place_path(t, path, error) || !check_login(t, path, error))
            return false;
        if (hba == NULL)
            continue;
        if (hba->kind != HBA_ISCSI)
            return topology_error(t, &path->object, "hba", error,
                                  "%s is no iSCSI HBA; a path to a real target needs kind = iscsi",
                                  hba->object.name);
        if (!hba->real && hba->targets != 0)
            return topology_error(t, &path->object, "hba", error,
                                  "%s has simulated links; an HBA has either links or real paths",
                                  hba->object.name);
        hba->real = true;
        if (!take_targets(t, &path->object, path->hba, 1, error))
            return false;
    }
    return true;
}

/* ---- load ----------------------------------------------------------------------------------------- */
static bool has_driver(const struct topology *t)
{
    for (size_t i = 0; i < t->hba_count; i++)
        if (t->hbas[i].kind == HBA_DRIVER)
            return true;
    return false;
}

static bool matches_some_lun(const struct topology *t, const char *pattern)
{
    for (size_t i = 0; i < t->lun_count; i++) {
        for (uint32_t n = 0; n < t->luns[i].count; n++) {
            char name[TOPOLOGY_NAME_MAX + 16];

            topology_lun_name(&t->luns[i], n, name, sizeof name);
            if (topology_matches(pattern, name))
                return true;
        }
    }
    return false;
}

static bool check_load(const struct topology *t, const struct topology_object *object,
                       const struct topology_load *load, struct text_error *error)
{
    if (load->io_size % 512 != 0 || load->span % 512 != 0)
        return topology_error(t, object, load->io_size % 512 != 0 ? "io-size" : "span", error,
                              "io-size and span are multiples of 512");
    if (load->span != 0 && load->span < load->io_size)
        return topology_error(t, object, "span", error, "span is smaller than io-size");
    /* The LUNs of a real target and of a loaded miniport are known only when they are there. */
    if (t->path_count == 0 && !has_driver(t) && !matches_some_lun(t, load->lun))
        return topology_error(t, object, "lun", error, "no LUN has a name like \"%.60s\"",
                              load->lun);
    return true;
}

static bool check_loads(struct topology *t, struct text_error *error)
{
    if (t->load_count > TOPOLOGY_MAX_LOADS)
        return topology_error(t, &t->loads[TOPOLOGY_MAX_LOADS].object, NULL, error,
                              "more than %u [load] sections", TOPOLOGY_MAX_LOADS);
    for (size_t i = 0; i < t->load_count; i++) {
        if (!check_load(t, &t->loads[i].object, &t->loads[i], error))
            return false;
    }
    return true;
}

static bool check_clusters(struct topology *t, struct text_error *error)
{
    if (t->cluster_count > TOPOLOGY_MAX_CLUSTERS)
        return topology_error(t, &t->clusters[TOPOLOGY_MAX_CLUSTERS].object, NULL, error,
                              "more than %u [cluster] sections", TOPOLOGY_MAX_CLUSTERS);
    for (size_t i = 0; i < t->cluster_count; i++) {
        const struct topology_cluster *c = &t->clusters[i];
        size_t machines = c->machines.count != 0 ? c->machines.count : t->machine_count;

        for (size_t m = 0; m < c->machines.count; m++) {
            if (topology_find(t, SECTION_MACHINE, c->machines.text[m]) == TOPOLOGY_NONE)
                return topology_error(t, &c->object, "machines", error,
                                      "there is no [machine %.40s] in this file", c->machines.text[m]);
            for (size_t n = 0; n < m; n++)
                if (ini_same_name(c->machines.text[n], c->machines.text[m]))
                    return topology_error(t, &c->object, "machines", error, "%.40s stands here twice",
                                          c->machines.text[m]);
        }
        if (machines < 2)
            return topology_error(t, &c->object, "machines", error, "a cluster has at least two machines");
        if (!check_load(t, &c->object, &c->load, error))
            return false;
    }
    return true;
}

bool topology_check(struct topology *t, struct text_error *error)
{
    return check_hbas(t, error) && check_arrays(t, error) && check_luns(t, error) &&
           check_links(t, error) && check_paths(t, error) && check_loads(t, error) &&
           check_clusters(t, error);
}

/* ---- lookups that the builder needs too -------------------------------------------------------------- */
void topology_lun_name(const struct topology_lun *lun, uint32_t n, char *text, size_t size)
{
    if (lun->count == 1)
        snprintf(text, size, "%s", lun->object.name);
    else
        snprintf(text, size, "%s%u", lun->object.name, n);
}

void topology_lun_serial(const struct topology *t, const struct topology_lun *lun, uint32_t n, char *text,
                         size_t size)
{
    if (lun->serial == NULL)
        snprintf(text, size, "%016llX%04X", (unsigned long long)t->arrays[lun->array].naa, lun->number + n);
    else if (lun->count > 1)
        snprintf(text, size, "%s%u", lun->serial, n);
    else
        snprintf(text, size, "%s", lun->serial);
}

const struct topology_lun *topology_find_lun(const struct topology *t, size_t array, uint32_t number)
{
    for (size_t i = 0; i < t->lun_count; i++)
        if (t->luns[i].array == array && number >= t->luns[i].number &&
            number - t->luns[i].number < t->luns[i].count)
            return &t->luns[i];
    return NULL;
}
