/* journal.h - side effects that must be undone even after SIGKILL.
 *
 * One file a process, <state>/journal/<pid>-<time>.jsonl, held by a kernel lock while the process lives: a line for
 * each record (plugin, number, the plugin's own text), synced before the plugin acts, and a line when it was undone.
 * At the start of any command, files that nobody holds are replayed newest record first through the plugin's recover
 * verb and removed when all went well.
 */
#ifndef PAB_ENGINE_JOURNAL_H
#define PAB_ENGINE_JOURNAL_H

#include "core/engine/events.h"
#include "core/plug/load.h"

struct pab_journal;
struct pab_journal *pab_journal_new(const char *state_dir);  /* touches nothing yet */
void pab_journal_free(struct pab_journal *j);                /* removes its file when everything was undone; NULL is fine */
int pab_journal_add(struct pab_journal *j, const char *plugin, const char *record, uint64_t *ret_id, struct pab_error *err);
int pab_journal_done(struct pab_journal *j, uint64_t id, struct pab_error *err);
/* What dead processes left. A record that cannot be undone stays, with a warning event. Returns how many were undone. */
int pab_journal_replay(struct pab_journal *j, struct pab_plugs *plugs, const struct pab_events *ev);

#endif
