// SPDX-License-Identifier: LGPL-2.1-or-later
//
// For a program whose tests need a network, or mounts, where nothing else is.
#pragma once

#include <sched.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace mpapi::test {

// This process, and what it starts, get namespaces of these kinds (CLONE_NEW*); where that may not
// be, the program ends as skipped.
inline void own_namespaces(int kinds) {
    if (::unshare(kinds) == 0) return;
    std::printf("skipped: namespaces need root (%s)\n", std::strerror(errno));
    std::exit(77);
}

} // namespace mpapi::test
