/* replay.h - what a fuzz harness defines, here as under libFuzzer:
 *
 *     clang -fsanitize=fuzzer,address ... tests/fuzz/fuzz_yaml.c ... -o fuzz_yaml && ./fuzz_yaml corpus/ tests/fuzz/seeds/yaml
 *
 * In `make check` replay.c calls it instead, with every file of tests/fuzz/seeds/NAME, with each of them cut short at
 * every length, and with bytes of them changed: the same ones every time, so that a failure can be repeated.
 */
#ifndef PAB_TESTS_FUZZ_REPLAY_H
#define PAB_TESTS_FUZZ_REPLAY_H

#include <stddef.h>
#include <stdint.h>

/* Aborts when a promise is broken; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* For the harness: like assert, but always there. */
#define PROMISE(cond)                                                                      \
    do {                                                                                   \
        if (!(cond)) {                                                                     \
            fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #cond);     \
            abort();                                                                       \
        }                                                                                  \
    } while (0)

#endif
