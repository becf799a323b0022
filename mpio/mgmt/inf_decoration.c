/* SPDX-License-Identifier: MIT */
/*
 * [Manufacturer] and its Models sections: which decoration NT[arch][.[major][.[minor][.[product][.[suite][.[build]]]]]]
 * fits the target best. Of those that fit, the one for the newest Windows wins, then the one that says more. From
 * Windows Server 2003 SP1 on (5.2), models for other processors than x86 must name their architecture; Windows 2000
 * knows no decorations.
 */
#include "mgmt/inf_internal.h"

#include <stdlib.h>
#include <string.h>

enum { RANK_MAJOR, RANK_MINOR, RANK_BUILD, RANK_PRODUCT, RANK_SUITE, RANK_ARCHITECTURE, RANK_NT, RANKS };

struct decoration {
    bool undecorated, has_architecture;
    enum inf_architecture architecture;
    unsigned long field[5]; /* major, minor, product, suites, build; 0: any */
};

static bool parse_fields(const char *text, struct decoration *d)
{
    for (unsigned i = 0; *text; i++) {
        if (i == 5 || *text != '.')
            return false;
        text++;
        if (*text == '.' || !*text)
            continue;
        char *end;
        if (*text < '0' || *text > '9')
            return false;
        d->field[i] = strtoul(text, &end, text[1] == 'x' || text[1] == 'X' ? 16 : 10);
        if (end == text || (*end && *end != '.') || d->field[i] > 0xFFFFFF)
            return false;
        text = end;
    }
    return true;
}

static bool parse_decoration(const char *text, struct decoration *d)
{
    char name[16];

    *d = (struct decoration){.undecorated = !*text};
    if (d->undecorated)
        return true;
    if ((text[0] | 0x20) != 'n' || (text[1] | 0x20) != 't')
        return false;
    text += 2;
    size_t length = strcspn(text, ".");
    if (length >= sizeof name)
        return false;
    memcpy(name, text, length);
    name[length] = 0;
    for (unsigned a = 0; length > 0 && a < INF_ARCHITECTURES; a++)
        if (ini_same_name(name, inf_architecture_name[a])) {
            d->architecture = a;
            d->has_architecture = true;
        }
    if (length > 0 && !d->has_architecture)
        return false;
    return parse_fields(text + length, d);
}

static bool fits(const struct inf_target *t, const struct decoration *d, unsigned long rank[RANKS])
{
    bool at_least_5_2 = t->major > 5 || (t->major == 5 && t->minor >= 2);

    if (t->major == 5 && t->minor == 0)
        return d->undecorated && memset(rank, 0, RANKS * sizeof *rank);
    if (d->has_architecture ? d->architecture != t->architecture : t->architecture != INF_X86 && at_least_5_2)
        return false;
    if (d->field[0] > t->major || (d->field[0] == t->major && d->field[1] > t->minor))
        return false;
    if (d->field[2] && d->field[2] != t->product)
        return false;
    if ((d->field[3] & ~(unsigned long)t->suites) ||
        (d->field[4] > t->build && d->field[0] == t->major && d->field[1] == t->minor))
        return false;
    rank[RANK_MAJOR] = d->field[0];
    rank[RANK_MINOR] = d->field[1];
    rank[RANK_BUILD] = d->field[4];
    rank[RANK_PRODUCT] = d->field[2] != 0;
    rank[RANK_SUITE] = d->field[3] != 0;
    rank[RANK_ARCHITECTURE] = d->has_architecture;
    rank[RANK_NT] = !d->undecorated;
    return true;
}

static int compare_ranks(const unsigned long *a, const unsigned long *b)
{
    for (unsigned i = 0; i < RANKS; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

/* *chosen: the best decoration of a [Manufacturer] line, "" for the undecorated section; NULL when none fits. */
static bool choose(struct inf *inf, const struct ini_entry *entry, const char *models, const char **chosen)
{
    unsigned long best[RANKS], rank[RANKS];
    struct decoration d = {.undecorated = true};

    *chosen = NULL;
    if (ini_find_section(inf->ini, models) && fits(inf->target, &d, best))
        *chosen = "";
    for (size_t i = 1; i < entry->value_count; i++) {
        const char *text = inf_field(inf, entry, i);
        if (!text)
            return false;
        if (!parse_decoration(text, &d))
            return inf_fail(inf, entry->line,
                            "'%.60s' is no operating-system decoration; written is NT[x86|amd64|ia64|arm|arm64]"
                            "[.major[.minor[.product[.suite[.build]]]]]", text);
        if (!d.undecorated && fits(inf->target, &d, rank) && (!*chosen || compare_ranks(rank, best) > 0)) {
            memcpy(best, rank, sizeof best);
            *chosen = text;
        }
    }
    return true;
}

static bool read_models_section(struct inf *inf, const struct ini_section *section)
{
    for (size_t i = 0; i < section->entry_count; i++) {
        const struct ini_entry *e = &section->entries[i];
        if (!e->key)
            return inf_fail(inf, e->line, "a model is written as DESCRIPTION = INSTALL-SECTION, HARDWARE-ID");
        struct inf_model *m = INF_ADD(inf, models, INF_MAX_MODELS, e->line);
        if (!m || !(m->description = inf_key(inf, e)) || !(m->section = inf_field(inf, e, 0)) ||
            !(m->hardware_id = inf_field(inf, e, 1)))
            return false;
        m->line = e->line;
        if (!*m->section)
            return inf_fail(inf, e->line, "the model has no install section; write it behind '='");
    }
    return true;
}

static bool choose_model(struct inf *inf)
{
    const char *wanted = inf->target->model;
    struct inf_plan *plan = &inf->plan;

    if (!wanted) {
        plan->model = &plan->models.item[0];
        return plan->models.count == 1 ||
               inf_note(inf, plan->model->line, "%zu models; the first one is taken (--model takes another)",
                        plan->models.count);
    }
    bool number = *wanted && strspn(wanted, "0123456789") == strlen(wanted);
    unsigned long n = number ? strtoul(wanted, NULL, 10) : 0;
    for (size_t i = 0; i < plan->models.count && !plan->model; i++)
        if (number ? n == i + 1 : ini_same_name(plan->models.item[i].hardware_id, wanted))
            plan->model = &plan->models.item[i];
    return plan->model || inf_fail(inf, plan->models.item[0].line,
                                   "no model '%.60s' among the %zu of [%.40s]; name a number or a hardware id", wanted,
                                   plan->models.count, plan->models_section);
}

static bool no_models(struct inf *inf, const struct ini_section *manufacturer, const char *offered)
{
    const struct inf_target *t = inf->target;

    return inf_fail(inf, manufacturer->line,
                    "no models for Windows %u.%u %s; decorations offered: %.60s; take another --os or --arch, or add one",
                    t->major, t->minor, inf_architecture_name[t->architecture], *offered ? offered : "none");
}

bool inf_read_models(struct inf *inf)
{
    const struct ini_section *manufacturer = ini_find_section(inf->ini, "Manufacturer");
    const char *offered = "";

    for (size_t i = 0; i < manufacturer->entry_count; i++) {
        const struct ini_entry *e = &manufacturer->entries[i];
        const char *decoration, *name = inf_field(inf, e, 0);
        if (!name || !choose(inf, e, name, &decoration))
            return false;
        if (!*name)
            return inf_fail(inf, e->line, "the manufacturer names no models section; write it behind '='");
        for (size_t d = 1; d < e->value_count && offered; d++)
            offered = inf_format(inf, "%s%s%s", offered, *offered ? ", " : "", e->values[d].text);
        if (!offered)
            return false;
        if (!decoration)
            continue;
        if (*decoration && !(name = inf_format(inf, "%s.%s", name, decoration)))
            return false;
        const struct ini_section *section = inf_section(inf, name, e->line, "[Manufacturer]");
        if (!section || !read_models_section(inf, section))
            return false;
        if (!inf->plan.models_section || !*inf->plan.models_section)
            inf->plan.models_section = section->name;
    }
    return inf->plan.models.count > 0 ? choose_model(inf) : no_models(inf, manufacturer, offered);
}
