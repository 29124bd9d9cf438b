/* faults.h - private to core/base: where the faults that tests order strike (see the end of fsutil.h). */
#ifndef PAB_BASE_FAULTS_H
#define PAB_BASE_FAULTS_H

/* 1 with errno set when this one was told to fail. */
int pab_fault_write(void);
int pab_fault_sync(void);
int pab_fault_rename(void);

#endif
