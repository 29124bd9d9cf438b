/* acl.h - POSIX ACLs: the kernel's xattr bytes and the text that tar programs exchange (SCHILY.acl.*), numbers for names. */
#ifndef PAB_TREE_ACL_H
#define PAB_TREE_ACL_H

#include "core/base/buf.h"

/* "user::rw-,user:1000:r--,group::r--,mask::r--,other::r--". -1 when the bytes are not a POSIX ACL. */
int pab_acl_to_text(const void *value, size_t size, struct pab_buf *ret);
/* The way back; a fourth field holds the number where the second is a name. -1 when it cannot be understood. */
int pab_acl_from_text(const char *text, size_t size, struct pab_buf *ret);

#endif
