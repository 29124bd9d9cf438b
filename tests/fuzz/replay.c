/* replay.c - runs a fuzz harness over the seeds named REPLAY_SEEDS; see replay.h. */
#include "tests/fuzz/replay.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SEED (1u << 20)
#define CUTS 400      /* at most, a seed */
#ifndef MUTATIONS
#define MUTATIONS 400 /* a seed; a long run: CPPFLAGS=-DMUTATIONS=100000 */
#endif

static uint64_t state = 88172645463325252u;
static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* On a copy of exactly this size, so that a sanitizer sees a read beyond the end. */
static void run_on_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) abort();
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void mutate(uint8_t *data, size_t size, const uint8_t *seed)
{
    static const char special[] = "\0\t\n\r :-[]{}*&!|>'\"#,?%@`\\\xff\xc3\xef";
    memcpy(data, seed, size);
    for (unsigned n = 1 + (unsigned)(next_random() % 4); n > 0; n--) {
        size_t at = next_random() % size;
        data[at] = next_random() % 2 ? (uint8_t)special[next_random() % (sizeof special - 1)] : (uint8_t)next_random();
        if (next_random() % 3 == 0) { /* move a piece */
            size_t from = next_random() % size, room = size - (from > at ? from : at);
            size_t n_bytes = next_random() % 64;
            memmove(data + at, data + from, n_bytes < room ? n_bytes : room);
        }
    }
}

static int replay(const char *path)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        perror(path);
        return -1;
    }
    uint8_t *seed = malloc(MAX_SEED), *changed = malloc(MAX_SEED);
    if (!seed || !changed) abort();
    size_t size = fread(seed, 1, MAX_SEED, f);
    fclose(f);
    run_on_copy(seed, size);
    for (size_t n = 0, step = size / CUTS + 1; n < size; n += step)
        run_on_copy(seed, n);
    for (unsigned i = 0; size && i < MUTATIONS; i++) {
        mutate(changed, size, seed);
        run_on_copy(changed, size);
    }
    free(seed);
    free(changed);
    return 0;
}

int main(void)
{
    struct dirent **names;
    int failed = 0, files = 0, n = scandir(REPLAY_SEEDS, &names, NULL, alphasort);
    if (n < 0) {
        perror(REPLAY_SEEDS);
        return 1;
    }
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", REPLAY_SEEDS, names[i]->d_name);
        if (names[i]->d_name[0] != '.') {
            failed |= replay(path);
            files++;
        }
        free(names[i]);
    }
    free(names);
    printf("replayed %d seeds, each whole, cut and changed\n", files);
    return failed || files == 0;
}
