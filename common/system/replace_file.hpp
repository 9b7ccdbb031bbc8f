// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A file that is there whole, the old or the new one, whatever happens meanwhile: written beside
// it, flushed, renamed over it, the directory flushed. May take as long as the disk takes.
#pragma once

#include "common/result.hpp"

#include <string>
#include <string_view>

#include <sys/types.h>

namespace mpapi {

// `mode` is what it is to have, whatever the umask. The directory must be one that only we, or
// root, write to.
Status replace_file(const std::string& path, std::string_view text, mode_t mode);

// That there is none, durably, nor what a writer that was killed left beside it.
Status remove_file(const std::string& path);

} // namespace mpapi
