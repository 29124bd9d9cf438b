/* sums.c - SHA256SUMS as sha256sum(1) writes and checks it: "HASH  PATH"; see directory.h. */
#include <string.h>
#include "core/base/buf.h"
#include "core/store/directory.h"

char *pab_sums_text(const struct pab_sum *sums, size_t n)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    pab_buf_adds(&b, "");
    for (size_t i = 0; i < n; i++) pab_buf_addf(&b, "%s  %s\n", sums[i].sha256, sums[i].path); /* our paths hold no newline or backslash */
    return pab_buf_take(&b);
}
