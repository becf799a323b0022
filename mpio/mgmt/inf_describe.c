/* SPDX-License-Identifier: MIT */
/* A plan in lines for people: what `mpio install` prints. */
#include <string.h>

#include "mgmt/inf_install.h"
#include "text/buffer.h"
#include "text/ini.h"
#include "text/regfile.h"
#include "text/utf16.h"

#define CLAIMS_KEY  "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\MPDEV"
#define CLAIMS_NAME "MPIOSupportedDeviceList"
#define DEVICES_NAME "DsmSupportedDeviceList"

static const char *start_name(uint32_t start)
{
    static const char *const names[] = {"boot", "system", "automatic", "demand", "disabled"};

    return start < 5 ? names[start] : "unknown";
}

/* The strings of a multi-string, each on a line of its own. */
static void describe_strings(const struct inf_change *c, const char *title, struct buffer *out)
{
    uint16_t unit[2] = {0, 0};
    bool inside = false;

    for (size_t at = 0; at + 1 < c->length; at += 2) {
        unit[0] = (uint16_t)(c->data[at] | c->data[at + 1] << 8);
        if (unit[0] && !inside)
            buffer_printf(out, "%s\"", title);
        else if (!unit[0] && inside)
            buffer_append_text(out, "\"\n");
        inside = unit[0] != 0;
        if (!inside)
            continue;
        bool pair = unit[0] >= 0xD800 && unit[0] < 0xDC00 && at + 3 < c->length;
        if (pair)
            unit[1] = (uint16_t)(c->data[at + 2] | c->data[at + 3] << 8);
        utf16_append_utf8(out, unit, pair ? 2 : 1);
        at += pair ? 2 : 0;
    }
}

bool inf_describe(const struct inf_plan *plan, struct buffer *out)
{
    buffer_printf(out, "package   %s, version %s%s%s\n", *plan->provider ? plan->provider : "no provider",
                  *plan->driver_date ? plan->driver_date : "unknown", *plan->driver_version ? "," : "",
                  plan->driver_version);
    if (plan->model)
        buffer_printf(out, "model     %s (%s) of [%s]\n", plan->model->description, plan->model->hardware_id,
                      plan->models_section);
    buffer_printf(out, "section   [%s]\n", plan->install_section);
    for (size_t i = 0; i < plan->services.count; i++) {
        const struct inf_service *s = &plan->services.item[i];
        buffer_printf(out, "service   %s: %s start, type 0x%x, %s%s%s\n", s->name, start_name(s->start), s->type,
                      s->image_path, *s->group ? ", group " : "", s->group);
    }
    for (size_t i = 0; i < plan->deleted_services.count; i++)
        buffer_printf(out, "service   %s: deleted\n", plan->deleted_services.item[i].name);
    for (size_t i = 0; i < plan->changes.count; i++) {
        const struct inf_change *c = &plan->changes.item[i];
        if (c->action == INF_SET_VALUE && c->type == REGFILE_MULTI_SZ && ini_same_name(c->name, DEVICES_NAME))
            describe_strings(c, "takes     ", out);
        if (c->action == INF_SET_VALUE && c->type == REGFILE_MULTI_SZ && ini_same_name(c->name, CLAIMS_NAME) &&
            ini_same_name(c->key, CLAIMS_KEY))
            describe_strings(c, "claims    ", out);
    }
    for (size_t i = 0; i < plan->secured.count; i++)
        buffer_printf(out, "secures   {%s}\n", plan->secured.item[i].guid);
    for (size_t i = 0; i < plan->notes.count; i++)
        buffer_printf(out, "note      line %u: %s\n", plan->notes.item[i].line, plan->notes.item[i].text);
    return !out->failed;
}
