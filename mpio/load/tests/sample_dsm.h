/* SPDX-License-Identifier: MIT */
/* The DSM of tests that need one: the sample that `make` built, of the build the test is of; MPIO_TEST_DSM names another. */
#ifndef LOAD_TESTS_SAMPLE_DSM_H
#define LOAD_TESTS_SAMPLE_DSM_H

#include <stdlib.h>

static inline const char *dsm(void)
{
    const char *named = getenv("MPIO_TEST_DSM");
#if defined(__SANITIZE_ADDRESS__)
    return named ? named : "build/dsm_sample/asan/dsm_sample.so";
#else
    return named ? named : "build/dsm_sample/rel/dsm_sample.so";
#endif
}

#endif
