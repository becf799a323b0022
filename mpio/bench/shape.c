/* SPDX-License-Identifier: MIT */
/*
 * Worlds to measure: symmetric arrays with LUNs without media behind links without latency, one machine.
 */
#include "bench/shape.h"

#include <stdio.h>

#include "mpio.h"
#include "text/buffer.h"

static void topology(struct buffer *out, const struct shape *s, bool claimed)
{
    unsigned hbas = s->hbas ? s->hbas : s->paths < 2 ? 1 : 2; /* a server has two, whatever the array has */

    buffer_printf(out, "[machine node]\n%s", claimed ? "" : "claim = \"NOVENDORNOPRODUCT\"\n");
    for (unsigned h = 0; h < hbas; h++)
        buffer_printf(out, "[hba hba%u]\nkind = fc\nqueue-depth = 64\n", h);
    for (unsigned a = 0; a < s->arrays; a++) {
        buffer_printf(out,
                      "[array array%u]\nvendor = BENCH\nproduct = NULL\naccess = symmetric\ncontrollers = 1\n"
                      "ports-per-controller = %u\n[lun lun%u_]\narray = array%u\nnumber = 0\ncount = %u\nsize = 1G\n"
                      "media = null\n", a, s->paths, a, a, s->luns_per_array);
        for (unsigned p = 0; p < s->paths; p++)
            buffer_printf(out, "[link link%u_%u]\nhba = hba%u\narray = array%u\nport = %u\nlatency = 0\n", a, p, p % hbas,
                          a, p);
    }
}

struct mpio *bench_start(const char *dsm, const struct shape *s, bool claimed)
{
    struct buffer text = {0};
    char error[600];

    topology(&text, s, claimed);
    struct mpio_options options = {.topology_file = "bench", .topology_text = buffer_text(&text), .seed = 1};
    struct mpio *w = mpio_create(&options, error, sizeof error);
    buffer_free(&text);
    if (!w) {
        fprintf(stderr, "mpio-bench: %s\n", error);
        return NULL;
    }
    if ((claimed && !mpio_load_dsm(w, NULL, dsm)) || !mpio_boot(w)) {
        fprintf(stderr, "mpio-bench: %s\n", mpio_error(w));
        mpio_destroy(w);
        return NULL;
    }
    return w;
}
