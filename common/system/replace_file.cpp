// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/system/replace_file.hpp"

#include "common/system/handle.hpp"
#include "common/system/write_all.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

namespace mpapi {

namespace {

Status flush_directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const Fd opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened) return Error{"open", directory, "", errno};
    if (::fsync(opened.get()) < 0) return Error{"flush", directory, "", errno};
    return Done{};
}

Status unlink_if_there(const std::string& path) {
    if (::unlink(path.c_str()) < 0 && errno != ENOENT) return Error{"remove", path, "", errno};
    return Done{};
}

} // namespace

Status replace_file(const std::string& path, std::string_view text, mode_t mode) {
    const std::string beside = path + ".new";
    if (auto removed = unlink_if_there(beside); !removed) return removed;
    const Fd file(
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return Error{"create", beside, "", errno};
    if (auto written = write_all(file.get(), text, beside); !written) return written;
    if (::fchmod(file.get(), mode) < 0) return Error{"set the mode of", beside, "", errno};
    if (::fsync(file.get()) < 0) return Error{"flush", beside, "", errno};
    if (::rename(beside.c_str(), path.c_str()) < 0) return Error{"rename", beside, "", errno};
    return flush_directory_of(path);
}

Status remove_file(const std::string& path) {
    if (auto removed = unlink_if_there(path + ".new"); !removed) return removed;
    if (auto removed = unlink_if_there(path); !removed) return removed;
    return flush_directory_of(path);
}

} // namespace mpapi
