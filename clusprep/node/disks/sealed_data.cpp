// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/disks/sealed_data.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mpapi::node {

Result<std::vector<std::uint8_t>> read_sealed_data(int fd, std::size_t skip, std::size_t most) {
    constexpr int wanted = F_SEAL_SHRINK | F_SEAL_WRITE;
    const int seals = ::fcntl(fd, F_GET_SEALS);
    if (seals < 0) return Error{"look at", "memory file", "", errno};
    if ((seals & wanted) != wanted) return Error{"read", "memory file", "it is not sealed"};
    struct stat status {};
    if (::fstat(fd, &status) < 0) return Error{"look at", "memory file", "", errno};
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size <= skip) return std::vector<std::uint8_t>();
    std::vector<std::uint8_t> data(std::min(most, size - skip));
    for (std::size_t got = 0; got < data.size();) {
        const ssize_t n =
            ::pread(fd, data.data() + got, data.size() - got, static_cast<off_t>(skip + got));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return Error{"read", "memory file", "", n < 0 ? errno : ENODATA};
        got += static_cast<std::size_t>(n);
    }
    return data;
}

} // namespace mpapi::node
