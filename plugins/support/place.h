/* place.h - two folders change places. */
#ifndef PAB_SUPPORT_PLACE_H
#define PAB_SUPPORT_PLACE_H

#include "plugins/support/support.h"

/* Swaps two folders of one file system, in one step where that is to be had. */
int place_exchange(const char *a, const char *b, struct pab_error *err);

#endif
