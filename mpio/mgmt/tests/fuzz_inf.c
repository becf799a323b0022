/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target for mgmt/: the first byte chooses the target system, the rest is an INF. What can be read is installed
 * into a registry that has something in it, and taken out: the registry must be as before. The same bytes are read as
 * .reg text and as SDDL too.
 */
#include "mgmt/inf_install.h"

#include <stdlib.h>
#include <string.h>

#include "text/buffer.h"

static const char start[] =
    "Windows Registry Editor Version 5.00\n\n"
    "[HKEY_LOCAL_MACHINE\\SOFTWARE]\n\n"
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\MPDEV]\n"
    "\"MPIOSupportedDeviceList\"=hex(7):41,00,00,00,42,00,00,00,00,00\n\n"
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\a\\Parameters]\n"
    "\"n\"=dword:00000005\n";

static void install_and_remove(const struct inf_plan *plan, const struct inf_target *target)
{
    struct text_error error;
    struct buffer before = {0}, after = {0};
    enum inf_outcome outcome;
    bool found;
    struct registry_image *image = registry_image_load("start", start, sizeof start - 1, &error);

    if (!image || !registry_image_save(image, &before))
        abort();
    if (inf_install(image, plan, target, 1, &outcome, NULL, &error)) {
        if (outcome != INF_INSTALLED || !inf_uninstall(image, "f", &found, NULL, &error) || !found ||
            !registry_image_save(image, &after))
            abort();
        if (after.length != before.length || memcmp(after.data, before.data, after.length) != 0)
            abort();
    }
    buffer_free(&before);
    buffer_free(&after);
    registry_image_free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text_error error = {.message = ""};
    struct inf_target target = inf_default_target;
    struct buffer out = {0};
    const char *why = NULL;

    if (size == 0)
        return 0;
    target.architecture = data[0] % INF_ARCHITECTURES;
    target.uninstall = data[0] & 0x80;
    if (data[0] & 0x40)
        inf_parse_version("5.2", &target);
    const char *text = (const char *)data + 1;
    struct inf_plan *plan = inf_read("f.inf", text, size - 1, &target, &error);
    if (!plan && !error.message[0])
        abort();
    if (plan) {
        install_and_remove(plan, &target);
        inf_describe(plan, &out);
    }
    inf_free(plan);

    struct registry_image *image = registry_image_load("f.reg", text, size - 1, &error);
    buffer_clear(&out);
    if (image)
        registry_image_save(image, &out);
    registry_image_free(image);

    char *copy = malloc(size);
    memcpy(copy, text, size - 1);
    copy[size - 1] = 0;
    buffer_clear(&out);
    if (!inf_security_descriptor(copy, &out, &why) && !why)
        abort();
    free(copy);
    buffer_free(&out);
    return 0;
}
