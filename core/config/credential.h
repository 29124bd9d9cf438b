/* credential.h - files of secrets as systemd hands them to a service: LoadCredential=NAME:PATH, see systemd.exec(5).
 *
 * A unit that `schedule install` writes names each file that the job takes a secret from, under the name that
 * pab_credential_name gives it.  The run in the unit then reads the copy that systemd made in $CREDENTIALS_DIRECTORY;
 * everywhere else the file itself is read.  So the file may be one that the unit's sandbox or user cannot open, or
 * be replaced in a drop-in by LoadCredentialEncrypted= of the same name.
 */
#ifndef PAB_CONFIG_CREDENTIAL_H
#define PAB_CONFIG_CREDENTIAL_H

#include "core/config/job.h"

/* "etc~2Fpa~2Fpg_password": a name for the file that differs from those of other paths. Caller frees. */
char *pab_credential_name(const char *path);
/* Where to read it: systemd's copy when there is one, else `path` itself. Caller frees. */
char *pab_credential_path(const char *path);
/* Appends the absolute paths of the files that the job's secrets (file:PATH, env_file) stand in, each once, as they are there now. Those that
 * systemd could not name (255 bytes) are left out: the run reads them itself. */
void pab_credential_files(const struct pab_job *job, struct pab_strs *io);
/* Appends the names that the job's secrets take from the environment (env:NAME), each once. */
void pab_credential_names(const struct pab_job *job, struct pab_strs *io);
/* Appends the "NAME=VALUE" of the job's env_file as it is now, for pab_envfile_release; nothing where the job names none. */
int pab_credential_env_file(const struct pab_job *job, struct pab_strs *io, struct pab_error *err);

#endif
