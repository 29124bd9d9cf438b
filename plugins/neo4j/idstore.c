/* idstore.c - see neo4j.h. A sparse file in the private folder, a direct-mapped cache of its pages in memory: however large the graph
 * is, memory stays the same. Ids come nearly in order, and so do most neighbours. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "plugins/neo4j/neo4j.h"

#define PAGE 4096u
#define ID_MAX (UINT64_C(1) << 38)      /* what a file's offset holds for 16 bytes each */

struct page { uint64_t number; int used, dirty; uint8_t data[PAGE]; };
struct idstore {
    int fd;
    unsigned record, count;
    struct page *pages;
};

int idstore_new(struct pab_op *op, const char *name, unsigned record, unsigned pages, struct idstore **ret, struct pab_error *err)
{
    CLEANUP_CLOSE int fd = -1;
    int rc = sup_scratch_file(op, name, &fd, err);
    if (rc) return rc;
    struct idstore *s = pab_alloc(sizeof *s);
    s->pages = pab_try_alloc((size_t)pages * sizeof *s->pages);
    if (!s->pages) {
        free(s);
        return pab_error_set(err, PAB_E_NOMEM, 0, "no memory for %u pages of ids", pages);
    }
    for (unsigned i = 0; i < pages; i++) s->pages[i].used = s->pages[i].dirty = 0;
    s->record = record;
    s->count = pages;
    s->fd = TAKE_FD(fd);
    *ret = s;
    return PAB_OK;
}

void idstore_free(struct idstore *s)
{
    if (!s) return;
    close(s->fd);
    free(s->pages);
    free(s);
}

static int write_page(const struct idstore *s, const struct page *p, struct pab_error *err)
{
    for (size_t done = 0; done < PAGE;) {
        ssize_t n = pwrite(s->fd, p->data + done, PAGE - done, (off_t)(p->number * PAGE + done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot write to the temporary file of ids");
        done += (size_t)n;
    }
    return PAB_OK;
}

static int read_page(const struct idstore *s, struct page *p, struct pab_error *err)
{
    size_t done = 0;
    while (done < PAGE) {
        ssize_t n = pread(s->fd, p->data + done, PAGE - done, (off_t)(p->number * PAGE + done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot read the temporary file of ids");
        if (n == 0) break;
        done += (size_t)n;
    }
    memset(p->data + done, 0, PAGE - done);
    return PAB_OK;
}

/* Records divide a page evenly, so none lies in two. */
static int find(struct idstore *s, uint64_t id, struct page **ret, size_t *at, struct pab_error *err)
{
    if (id >= ID_MAX) return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "the id %llu is too large", (unsigned long long)id);
    uint64_t offset = id * s->record, number = offset / PAGE;
    struct page *p = &s->pages[number % s->count];
    *at = (size_t)(offset % PAGE);
    *ret = p;
    if (p->used && p->number == number) return PAB_OK;
    int rc = p->used && p->dirty ? write_page(s, p, err) : PAB_OK;
    if (rc) return rc;
    p->number = number;
    p->dirty = 0;
    rc = read_page(s, p, err);
    p->used = !rc;
    return rc;
}

int idstore_get(struct idstore *s, uint64_t id, void *record, struct pab_error *err)
{
    struct page *p;
    size_t at;
    int rc = find(s, id, &p, &at, err);
    if (!rc) memcpy(record, p->data + at, s->record);
    return rc;
}

int idstore_put(struct idstore *s, uint64_t id, const void *record, struct pab_error *err)
{
    struct page *p;
    size_t at;
    int rc = find(s, id, &p, &at, err);
    if (rc) return rc;
    memcpy(p->data + at, record, s->record);
    p->dirty = 1;
    return PAB_OK;
}
