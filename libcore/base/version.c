#include "libcore/base/version.h"

/* The Makefile defines IFT_VERSION, the one place that knows it, and IFT_LIBRARIES, what its
 * probe found. */
#ifndef IFT_VERSION
#error "IFT_VERSION is not defined: build with make"
#endif
#ifndef IFT_LIBRARIES
#define IFT_LIBRARIES ""
#endif

const char ift_version[] = "ift " IFT_VERSION;

#ifdef __clang__
const char ift_built[] = "clang " __clang_version__ IFT_LIBRARIES;
#else
const char ift_built[] = "gcc " __VERSION__ IFT_LIBRARIES;
#endif
