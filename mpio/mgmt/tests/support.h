/* SPDX-License-Identifier: MIT */
/* What the test programs of mgmt share: CMocka, an INF from text, a registry as text. */
#ifndef MPIO_MGMT_TESTS_SUPPORT_H
#define MPIO_MGMT_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/inf_install.h"
#include "text/buffer.h"

#define VERSION "[Version]\nSignature=\"$WINDOWS NT$\"\nClassGuid={c}\nDriverVer=11/22/2026,1.0.0.0\n"
/* A file whose one model for amd64 has the install section [I]. */
#define DEVICE VERSION "[Manufacturer]\nm=M,NTamd64\n[M.NTamd64]\nd=I,ROOT\\dev\n"
/* The same, with a service `s` whose registry section is [R]. */
#define SERVICE DEVICE "[I]\n[I.Services]\nAddService=s,2,S\n[S]\nServiceType=1\nStartType=0\nErrorControl=1\n" \
                       "ServiceBinary=%12%\\s.sys\nAddReg=R\n[R]\n"
#define MPDEV "HKLM,SYSTEM\\CurrentControlSet\\Control\\MPDEV,MPIOSupportedDeviceList,"

static inline struct inf_plan *read_for(const char *text, const struct inf_target *target)
{
    struct text_error error = {.message = ""};
    struct inf_plan *plan = inf_read("f.inf", text, strlen(text), target, &error);

    if (!plan)
        print_message("f.inf:%u: %s\n", error.line, error.message);
    assert_non_null(plan);
    return plan;
}

static inline struct inf_plan *read_inf(const char *text)
{
    return read_for(text, &inf_default_target);
}

/* The file is refused at that line with a message that has `part` in it. */
static inline void assert_refused(const char *text, unsigned line, const char *part)
{
    struct text_error error = {.message = ""};

    assert_null(inf_read("f.inf", text, strlen(text), &inf_default_target, &error));
    if (error.line != line || !strstr(error.message, part))
        print_message("got line %u: %s\n", error.line, error.message);
    assert_int_equal(error.line, line);
    assert_non_null(strstr(error.message, part));
    assert_string_equal(error.file, "f.inf");
}

static inline unsigned line_of(const char *text, const char *part)
{
    const char *place = strstr(text, part);
    unsigned line = 1;

    assert_non_null(place);
    for (const char *c = text; c < place; c++)
        line += *c == '\n';
    return line;
}

/* The change at `index`, as `key|name|type|bytes`. */
static inline const char *change_text(const struct inf_plan *plan, size_t index)
{
    static char text[1024];
    assert_true(index < plan->changes.count);
    const struct inf_change *c = &plan->changes.item[index];
    const char *key = strncmp(c->key, "HKEY_LOCAL_MACHINE", 18) == 0 ? c->key + 18 : c->key;
    int n = snprintf(text, sizeof text, "%s|%s|%x|", key, c->name, c->type);

    for (size_t i = 0; i < c->length && n < (int)sizeof text - 3; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%02x", c->data[i]);
    return text;
}

static inline struct registry_image *registry(const char *text)
{
    struct text_error error = {.message = ""};
    struct buffer whole = {0};

    buffer_printf(&whole, "Windows Registry Editor Version 5.00\n%s", text);
    struct registry_image *image = registry_image_load("f.reg", buffer_text(&whole), whole.length, &error);
    if (!image)
        print_message("f.reg:%u: %s\n", error.line, error.message);
    assert_non_null(image);
    buffer_free(&whole);
    return image;
}

static inline char *saved(const struct registry_image *image)
{
    struct buffer text = {0};

    assert_true(registry_image_save(image, &text));
    return buffer_take(&text, NULL);
}

static inline enum inf_outcome install(struct registry_image *image, const char *name, const char *text)
{
    struct text_error error = {.message = ""};
    struct inf_plan *plan = inf_read(name, text, strlen(text), &inf_default_target, &error);
    enum inf_outcome outcome = INF_INSTALLED;
    bool ok = plan && inf_install(image, plan, &inf_default_target, inf_hash(text, strlen(text)), &outcome, NULL, &error);

    if (!ok)
        print_message("%s:%u: %s\n", name, error.line, error.message);
    assert_true(ok);
    inf_free(plan);
    return outcome;
}

static inline void uninstall(struct registry_image *image, const char *name)
{
    struct text_error error;
    bool found = false;

    assert_true(inf_uninstall(image, name, &found, NULL, &error));
    assert_true(found);
}

#endif
