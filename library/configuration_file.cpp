// SPDX-License-Identifier: LGPL-2.1-or-later
#include "library/configuration_file.hpp"

#include "library/fd.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace mpapi::library {
namespace {

constexpr std::size_t largest = std::size_t{1} << 20;

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

// The folder of a path, with its slash; the rest is the file's own name.
std::size_t folder_length(const std::string& path) {
    return path.rfind('/') + 1; // npos + 1 is 0: no folder
}

std::string beside(const std::string& path, const char* suffix) {
    const auto length = folder_length(path);
    return path.substr(0, length) + '.' + path.substr(length) + suffix;
}

// A symbolic link stays; what it refers to is replaced.
std::string resolved(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> target(::realpath(path.c_str(), nullptr),
                                                             &std::free);
    return target ? std::string(target.get()) : path;
}

bool replace(const std::string& path, std::string_view text) {
    std::string name = beside(path, ".XXXXXX");
    const Fd file(::mkostemp(name.data(), O_CLOEXEC));
    if (!file) return false;
    const bool written = ::fchmod(file.get(), 0644) == 0 && write_all(file.get(), text) &&
                         ::fsync(file.get()) == 0 && ::rename(name.c_str(), path.c_str()) == 0;
    if (!written) {
        ::unlink(name.c_str());
        return false;
    }
    const auto folder = path.substr(0, folder_length(path));
    const Fd directory(
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return directory && ::fsync(directory.get()) == 0;
}

} // namespace

std::string configuration_path() {
    const char* const override = ::secure_getenv("MPAPI_CONF");
    return override != nullptr && *override != '\0' ? override : "/etc/mpapi.conf";
}

std::optional<std::string> read_configuration(const std::string& path) {
    const Fd file = open_to_read(path);
    if (!file) return errno == ENOENT ? std::optional<std::string>("") : std::nullopt;
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    std::string text;
    while (text.size() <= largest) {
        char bytes[8192];
        const auto got = ::read(file.get(), bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) return text;
        text.append(bytes, static_cast<std::size_t>(got));
    }
    return std::nullopt;
}

Edited edit_configuration(const std::string& path,
                          const std::function<std::optional<std::string>(std::string_view)>& edit) {
    const std::string file = resolved(path);
    // Where nothing changes no lock is needed, and perhaps none could be made.
    if (const auto text = read_configuration(file); text && !edit(*text)) return Edited::Unchanged;
    const Fd lock(
        ::open(beside(file, ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock) return Edited::Failed;
    while (::flock(lock.get(), LOCK_EX) != 0)
        if (errno != EINTR) return Edited::Failed;
    const auto text = read_configuration(file);
    if (!text) return Edited::Failed;
    const auto edited = edit(*text);
    if (!edited) return Edited::Unchanged;
    if (edited->size() > largest) return Edited::Failed; // nobody would read it
    return replace(file, *edited) ? Edited::Done : Edited::Failed;
}

} // namespace mpapi::library
