// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/files/file_work.hpp"

#include "common/system/handle.hpp"
#include "common/system/write_all.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mpapi::disks {

namespace {

// 0600, whatever the umask of whoever mounts it next: the data are the cluster's.
constexpr unsigned kMode = 0600;

std::string joined(const std::vector<std::string>& path) {
    std::string name;
    for (const auto& component : path)
        name += "/" + component;
    return name;
}

Result<Fd> open_below(int root, const std::string& name, int flags, unsigned mode,
                      const std::string& object) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    how.mode = mode;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
    const long fd = ::syscall(SYS_openat2, root, name.c_str(), &how, sizeof how);
    if (fd < 0) return Error{"open", object, "", errno};
    return Fd(static_cast<int>(fd));
}

// The folder that the last component is in.
Result<Fd> open_folder(int root, const std::vector<std::string>& path) {
    std::string folder = ".";
    for (auto component = path.begin(); component + 1 < path.end(); ++component)
        folder += "/" + *component;
    return open_below(root, folder, O_RDONLY | O_DIRECTORY, 0, joined(path));
}

Result<struct stat> regular(int file, const std::string& object) {
    struct stat found {};
    if (::fstat(file, &found) < 0) return Error{"look at", object, "", errno};
    if (!S_ISREG(found.st_mode)) return Error{"use", object, "it is no regular file", EINVAL};
    return found;
}

Result<Fd> open_regular(int folder, const std::string& name, int flags, const std::string& object) {
    auto file = open_below(folder, name, flags, (flags & O_CREAT) != 0 ? kMode : 0, object);
    if (!file) return file;
    if (const auto found = regular(file->get(), object); !found) return found.error();
    return file;
}

Status flush(int fd, const std::string& object) {
    if (::fsync(fd) < 0) return Error{"flush", object, "", errno};
    return Done{};
}

} // namespace

Status write_file(int root, const std::vector<std::string>& path, std::string_view data) {
    const std::string object = joined(path);
    const auto folder = open_folder(root, path);
    if (!folder) return folder.error();
    // Not O_TRUNC: that would be done before it is seen to be a regular file.
    const auto file = open_regular(folder->get(), path.back(), O_WRONLY | O_CREAT, object);
    if (!file) return file.error();
    if (::ftruncate(file->get(), 0) < 0) return Error{"empty", object, "", errno};
    if (auto status = write_all(file->get(), data, object); !status) return status;
    if (auto status = flush(file->get(), object); !status) return status;
    return flush(folder->get(), object);
}

Result<bool> file_holds(int root, const std::vector<std::string>& path, std::string_view data) {
    const std::string object = joined(path);
    const auto folder = open_folder(root, path);
    if (!folder) return folder.error();
    const auto file = open_regular(folder->get(), path.back(), O_RDONLY, object);
    if (!file) return file.error();
    const auto found = regular(file->get(), object);
    if (!found) return found.error();
    if (static_cast<std::uint64_t>(found->st_size) != data.size()) return false;
    std::array<char, 65536> piece{};
    for (;;) {
        const ssize_t got = ::read(file->get(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error{"read", object, "", errno};
        const auto size = static_cast<std::size_t>(got);
        if (size == 0) return data.empty();
        if (size > data.size() || data.substr(0, size) != std::string_view(piece.data(), size))
            return false;
        data.remove_prefix(size);
    }
}

Status delete_file(int root, const std::vector<std::string>& path) {
    const std::string object = joined(path);
    const auto folder = open_folder(root, path);
    if (!folder) return folder.error();
    // Read only to see what it is; unlinkat() follows no link.
    const auto file = open_regular(folder->get(), path.back(), O_RDONLY, object);
    if (!file) return file.error();
    if (::unlinkat(folder->get(), path.back().c_str(), 0) < 0)
        return Error{"delete", object, "", errno};
    return flush(folder->get(), object);
}

} // namespace mpapi::disks
