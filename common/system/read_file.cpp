// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/system/read_file.hpp"

#include "common/system/handle.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace mpapi {

namespace {

std::string size_text(std::size_t size) {
    constexpr std::size_t mebi = std::size_t{1} << 20;
    return size % mebi == 0 ? std::to_string(size / mebi) + " MiB"
                            : std::to_string(size) + " bytes";
}

} // namespace

Result<std::string> read_file(const std::string& path, std::size_t most) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) return Error{"open", path, "", errno};
    return read_file(file.get(), path, most);
}

Result<std::string> read_file(int fd, const std::string& object, std::size_t most) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) return Error{"read", object, "", errno};
    if (!S_ISREG(status.st_mode)) return Error{"read", object, "expected a regular file"};
    // The size is only where to begin: files of /proc have none, others may grow meanwhile. One
    // byte more shows the end, or that the file is too large.
    constexpr std::size_t piece = 4096;
    const auto told = static_cast<std::size_t>(std::max<off_t>(status.st_size, 0));
    std::string text;
    std::size_t have = 0;
    for (;;) {
        if (have > most) return Error{"read", object, "expected " + size_text(most) + " at most"};
        if (have == text.size())
            text.resize(std::min(most, std::max(told, have + std::max(have, piece))) + 1);
        const ssize_t got = ::read(fd, text.data() + have, text.size() - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error{"read", object, "", errno};
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    text.resize(have);
    return text;
}

} // namespace mpapi
