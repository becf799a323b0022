/* SPDX-License-Identifier: MIT */
/*
 * The HBA around the paths: struct hba_operations for the miniport, creation, and what can be
 * asked. Allocates when HBAs and paths are made. Runs in the world's loop or between runs.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "port/iscsi/path.h"

#define DEFAULT_QUEUE_DEPTH     32
#define DEFAULT_COMMAND_TIMEOUT (10 * WORLD_SECOND)
#define DEFAULT_LOGIN_TIMEOUT   (10 * WORLD_SECOND)
#define DEFAULT_RETRY_INTERVAL  (500 * WORLD_MS)
#define MAX_ISID                0xffffffu

static const struct hba_operations operations;

bool iscsi_hba_is(const struct hba *h)
{
    return h->operations == &operations;
}

static struct iscsi_hba *hba_of(const struct hba *h)
{
    assert(iscsi_hba_is(h));
    return (struct iscsi_hba *)(uintptr_t)h; /* hba is the first member */
}

/* ---- operations ----------------------------------------------------------------------------- */
static void submit(struct hba *h, struct hba_cmd *cmd)
{
    cmd->hba = h;
    cmd->event.heap = 0;
    iscsi_command_clear(&cmd->scsi);
    if (cmd->target >= h->targets) {
        cmd->status = HBA_NO_TARGET;
        cmd->done(cmd);
    } else if (!iscsi_command_check(&cmd->scsi)) {
        iscsi_command_end(hba_of(h)->path[cmd->target], cmd, HBA_OK);
    } else {
        iscsi_path_submit(hba_of(h)->path[cmd->target], cmd);
    }
}

static void reset_lun(struct hba *h, uint32_t target, const uint8_t lun[8])
{
    if (target < h->targets)
        iscsi_path_reset_lun(hba_of(h)->path[target], lun);
}

static void reset_target(struct hba *h, uint32_t target)
{
    if (target < h->targets)
        iscsi_path_reset(hba_of(h)->path[target]);
}

static void reset_bus(struct hba *h)
{
    for (uint32_t target = 0; target < h->targets; target++)
        iscsi_path_reset(hba_of(h)->path[target]);
}

static bool target_present(struct hba *h, uint32_t target)
{
    return target < h->targets && hba_of(h)->path[target]->present;
}

static void free_texts(struct iscsi_session_config *texts)
{
    const char *const all[] = {texts->portal, texts->target,      texts->initiator,    texts->user,
                               texts->secret, texts->target_user, texts->target_secret};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free((void *)(uintptr_t)all[i]);
}

static void free_path(struct iscsi_path *p)
{
    if (p->session != NULL)
        iscsi_session_destroy(p->session);
    free_texts(&p->texts);
    free(p);
}

static void destroy(struct hba *h)
{
    struct iscsi_hba *i = hba_of(h);

    for (uint32_t target = 0; target < h->targets; target++) {
        iscsi_path_stop(i->path[target]);
        free_path(i->path[target]);
    }
    free(i);
}

static const struct hba_operations operations = {
    .submit = submit,
    .reset_lun = reset_lun,
    .reset_target = reset_target,
    .reset_bus = reset_bus,
    .target_present = target_present,
    .link = iscsi_hba_link,
    .destroy = destroy,
};

/* ---- creation ------------------------------------------------------------------------------- */
struct hba *iscsi_hba_create(struct machine *m, const struct iscsi_hba_config *config)
{
    struct iscsi_hba *i;

    if (config->name == NULL || config->initiator == NULL || *config->initiator == '\0' ||
        strlen(config->name) >= sizeof i->hba.name ||
        strlen(config->initiator) > ISCSI_MAX_INITIATOR || fabric_find_hba(m, config->name) != NULL)
        return NULL;
    i = calloc(1, sizeof *i);
    if (i == NULL)
        return NULL;
    host_ignore_broken_pipe(); /* libiscsi writes to connections that the target may have closed */
    i->hba.operations = &operations;
    i->hba.kind = HBA_ISCSI;
    i->hba.queue_depth = config->queue_depth != 0 ? config->queue_depth : DEFAULT_QUEUE_DEPTH;
    strcpy(i->hba.name, config->name);
    strcpy(i->hba.initiator, config->initiator);
    i->dev_loss_time = config->dev_loss_time;
    i->report = config->report;
    i->user = config->user;
    fabric_add_hba(m, &i->hba);
    return &i->hba;
}

static bool text_fits(const char *text, size_t limit)
{
    return text == NULL || (*text != '\0' && strlen(text) <= limit);
}

/* NULL when the configuration can be used, else what is wrong with it. */
static const char *check_config(const struct hba *h, const struct iscsi_path_config *config)
{
    if (h->targets == HBA_MAX_TARGETS)
        return "the HBA has no free target id (255 at most)";
    if (world_clock(h->world) != WORLD_CLOCK_HOST)
        return "real paths need the host clock; this world's time is virtual";
    if (config->portal == NULL || !text_fits(config->portal, ISCSI_MAX_TEXT))
        return "the portal is missing or longer than 255 bytes";
    if (config->target == NULL || !text_fits(config->target, ISCSI_MAX_INITIATOR))
        return "the target's name is missing or longer than 223 bytes";
    if (!text_fits(config->initiator, ISCSI_MAX_INITIATOR))
        return "the initiator's name is empty or longer than 223 bytes";
    if ((config->user == NULL) != (config->secret == NULL) ||
        (config->target_user == NULL) != (config->target_secret == NULL))
        return "CHAP needs user and secret together";
    if (config->target_user != NULL && config->user == NULL)
        return "mutual CHAP needs the initiator's user and secret too";
    if (!text_fits(config->user, ISCSI_MAX_TEXT) || !text_fits(config->secret, ISCSI_MAX_TEXT) ||
        !text_fits(config->target_user, ISCSI_MAX_TEXT) ||
        !text_fits(config->target_secret, ISCSI_MAX_TEXT))
        return "a CHAP text is empty or longer than 255 bytes";
    if (config->isid > MAX_ISID)
        return "the ISID does not fit into 24 bits";
    return NULL;
}

static bool copy_text(const char **to, const char *from)
{
    *to = from != NULL ? strdup(from) : NULL;
    return from == NULL || *to != NULL;
}

static bool copy_texts(struct iscsi_path *p, const struct hba *h,
                       const struct iscsi_path_config *config)
{
    struct iscsi_session_config *texts = &p->texts;

    texts->isid = config->isid != 0 ? config->isid : (h->ordinal << 8 | p->target) & MAX_ISID;
    texts->header_digest = config->header_digest;
    return copy_text(&texts->portal, config->portal) && copy_text(&texts->target, config->target) &&
           copy_text(&texts->initiator,
                     config->initiator != NULL ? config->initiator : h->initiator) &&
           copy_text(&texts->user, config->user) && copy_text(&texts->secret, config->secret) &&
           copy_text(&texts->target_user, config->target_user) &&
           copy_text(&texts->target_secret, config->target_secret);
}

static uint64_t or_default(uint64_t value, uint64_t otherwise)
{
    return value != 0 ? value : otherwise;
}

static void set_times(struct iscsi_path_times *times, const struct iscsi_path_config *config)
{
    times->command = or_default(config->command_timeout, DEFAULT_COMMAND_TIMEOUT);
    times->login = or_default(config->login_timeout, DEFAULT_LOGIN_TIMEOUT);
    times->retry = or_default(config->retry_interval, DEFAULT_RETRY_INTERVAL);
    times->ping_interval = or_default(config->ping_interval, times->command / 8 + 1);
    if (times->ping_interval > times->command)
        times->ping_interval = times->command;
    times->ping_timeout = or_default(config->ping_timeout, times->command / 4 + 1);
}

static int refuse(const struct iscsi_hba *i, const struct iscsi_path_config *config,
                  const char *why)
{
    char line[640];

    snprintf(line, sizeof line, "%s: cannot add the iSCSI path to portal %.255s: %s", i->hba.name,
             config->portal != NULL ? config->portal : "(none)", why);
    if (i->report != NULL)
        i->report(i->user, line);
    else
        host_log(line);
    return -1;
}

int iscsi_hba_add_path(struct hba *h, const struct iscsi_path_config *config)
{
    struct iscsi_hba *i = hba_of(h);
    const char *why = check_config(h, config);
    struct iscsi_path *p;

    if (why != NULL)
        return refuse(i, config, why);
    p = calloc(1, sizeof *p);
    if (p == NULL)
        return refuse(i, config, "no memory");
    p->hba = i;
    p->target = h->targets;
    set_times(&p->times, config);
    if (copy_texts(p, h, config))
        p->session = iscsi_session_create(&p->texts);
    if (p->session == NULL) {
        free_path(p);
        return refuse(i, config, "no memory");
    }
    i->path[h->targets++] = p;
    iscsi_path_start(p);
    return (int)p->target;
}

/* ---- links and questions -------------------------------------------------------------------- */
void iscsi_hba_link(struct hba *h, uint32_t target, bool up)
{
    struct iscsi_hba *i = hba_of(h);

    assert(target < h->targets || target == HBA_ALL_TARGETS);
    for (uint32_t t = 0; t < h->targets; t++)
        if (t == target || target == HBA_ALL_TARGETS)
            iscsi_path_enable(i->path[t], up);
}

bool iscsi_hba_path_state(const struct hba *h, uint32_t target, struct iscsi_path_state *state)
{
    const struct iscsi_path *p;

    if (target >= h->targets)
        return false;
    p = hba_of(h)->path[target];
    *state = (struct iscsi_path_state){
        .portal = p->texts.portal,
        .target = p->texts.target,
        .state = iscsi_path_phase_name(p->phase),
        .error = p->error,
        .up = p->phase == ISCSI_PATH_UP,
        .commands = p->commands,
        .lost = p->lost_commands,
        .logins = p->logins,
    };
    return true;
}
