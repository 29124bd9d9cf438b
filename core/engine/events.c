/* events.c - see events.h. */
#include <pthread.h>
#include "core/base/clock.h"
#include "core/engine/events.h"

static pthread_mutex_t emit_lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t last_progress_ms; /* under emit_lock */

void pab_emit(const struct pab_events *ev, const struct pab_event *e)
{
    if (!ev || !ev->event) return;
    pthread_mutex_lock(&emit_lock);
    ev->event(ev->ctx, e);
    pthread_mutex_unlock(&emit_lock);
}

void pab_emit_progress(const struct pab_events *ev, const struct pab_event *e)
{
    if (!ev || !ev->event || pthread_mutex_trylock(&emit_lock)) return;
    int64_t now = pab_monotonic_ms();
    if (now - last_progress_ms >= 250) {
        last_progress_ms = now;
        ev->event(ev->ctx, e);
    }
    pthread_mutex_unlock(&emit_lock);
}
