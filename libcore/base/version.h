/* version.h: which ift this is. In an object of its own, so that a library user need not link
 * main(). */
#ifndef IFT_VERSION_H
#define IFT_VERSION_H

extern const char ift_version[]; /* "ift 0.1.0" */
extern const char ift_built[];   /* "gcc 12.2.0, libarchive 3.6.2, ..." */

#endif
