/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer over everything that reads a PE file before its code runs: parse, place, cookie, bind. Inputs that begin with
 * "MZ" are files; all others are changes to a small good image: byte 0 chooses 32 or 64 bit, then triples of offset (two
 * bytes) and value. The image area is exactly as large as the file claims, so that ASan sees the first byte outside.
 */
#include "pe_builder.h"

#define AREA_LIMIT (4u * 1024 * 1024)

static void *find_anything(const char *module, const char *name, unsigned ordinal)
{
    if (name && strlen(name) > PE_NAME_LIMIT)
        abort();
    return (module[0] ^ (name ? name[0] : (char)ordinal)) & 1 ? FAKE_ROUTINE(ordinal) : NULL;
}

static bool know_some(const char *module)
{
    return module[0] & 1;
}

static void load(const uint8_t *bytes, size_t length, uint16_t machine)
{
    static const struct pe_exporter exporter = {find_anything, know_some};
    struct pe_headers pe;
    char why[400] = "";
    bool ok = pe_parse(bytes, length, machine, &pe, why, sizeof why);

    if (ok && pe.image_size <= AREA_LIMIT) {
        uint8_t *area = calloc(1, pe.image_size);
        ok = pe_place(&pe, bytes, area, PE_WINDOW_BASE, why, sizeof why) &&
             pe_set_cookie(&pe, area, PE_WINDOW_BASE, why, sizeof why) && pe_bind(&pe, area, &exporter, why, sizeof why);
        free(area);
    }
    if (!ok && why[0] == '\0')
        abort(); /* refused without a reason */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 2 && data[0] == 'M' && data[1] == 'Z') {
        load(data, size, PE_MACHINE_AMD64);
        load(data, size, PE_MACHINE_I386);
        return 0;
    }
    struct built b = build(size > 0 && (data[0] & 1));

    for (size_t i = 1; i + 3 <= size; i += 3)
        b.bytes[(data[i] | data[i + 1] << 8) % file_length] = data[i + 2];
    load(b.bytes, file_length, b.wide ? PE_MACHINE_AMD64 : PE_MACHINE_I386);
    free(b.bytes);
    return 0;
}
