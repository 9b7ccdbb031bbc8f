// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/system/write_all.hpp"

#include <cerrno>
#include <unistd.h>

namespace mpapi {

Status write_all(int fd, std::string_view text, const std::string& object) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return Error{"write", object, "", errno};
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return Done{};
}

} // namespace mpapi
