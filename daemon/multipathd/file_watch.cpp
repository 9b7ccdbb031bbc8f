// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/file_watch.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/epoll.h>
#include <sys/inotify.h>

namespace mpapi::multipathd {

namespace {

// In the order of FileWatch::watches_.
enum Place : std::size_t { Etc, EtcMultipath, ConfigDirectory, Run, RunMultipath, FailedWwids };
constexpr std::array<const char*, 6> paths{"/etc", "/etc/multipath", "/etc/multipath/conf.d",
                                           "/run", "/run/multipath", "/run/multipath/failed_wwids"};

constexpr std::uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE |
                               IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::size_t rounds = 16; // of reading before others have their turn

} // namespace

FileWatch::FileWatch(std::string root, std::function<void(FilesChanged)> changed)
  : root_(std::move(root))
  , changed_(std::move(changed)) {
    watches_.fill(-1);
}

Status FileWatch::start(sd_event* loop) {
    inotify_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!inotify_) return Error{"watch", "/etc/multipath.conf", "", errno};
    sd_event_source* source = nullptr;
    const auto on_event = [](sd_event_source*, int, std::uint32_t, void* self) {
        static_cast<FileWatch*>(self)->read_events();
        return 0;
    };
    const int r = sd_event_add_io(loop, &source, inotify_.get(), EPOLLIN, on_event, this);
    if (r < 0) return Error{"watch", "/etc/multipath.conf", "", -r};
    source_.reset(source);
    watch();
    return Done{};
}

// Watches what is there; a directory that is watched already keeps its number.
void FileWatch::watch() {
    for (std::size_t place = 0; place < directories; ++place) {
        // /run is busier than the others; it matters while what is wanted in it is missing.
        if (place == Run) continue;
        watches_[place] = ::inotify_add_watch(inotify_.get(), (root_ + paths[place]).c_str(), mask);
    }
    if (watches_[RunMultipath] < 0) {
        watches_[Run] = ::inotify_add_watch(inotify_.get(), (root_ + paths[Run]).c_str(),
                                            IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
        // It may have come between the two.
        watches_[RunMultipath] =
            ::inotify_add_watch(inotify_.get(), (root_ + paths[RunMultipath]).c_str(), mask);
        watches_[FailedWwids] =
            ::inotify_add_watch(inotify_.get(), (root_ + paths[FailedWwids]).c_str(), mask);
    } else if (watches_[Run] >= 0) {
        ::inotify_rm_watch(inotify_.get(), std::exchange(watches_[Run], -1));
    }
}

void FileWatch::read_event(int watch, std::uint32_t events, std::string_view name,
                           FilesChanged& changed, bool& other_directories) const {
    if ((events & IN_Q_OVERFLOW) != 0) {
        changed = {true, true};
        other_directories = true;
        return;
    }
    std::size_t place = 0;
    while (place < directories && watches_[place] != watch)
        ++place;
    if (place == directories) return;
    if ((events & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0) other_directories = true;
    switch (place) {
    case Etc:
        if (name == "multipath.conf") changed.configuration = true;
        if (name == "multipath") other_directories = true;
        break;
    case EtcMultipath:
        if (name == "wwids") changed.wwids = true;
        if (name == "conf.d") other_directories = true;
        break;
    case ConfigDirectory:
        if (name.ends_with(".conf")) changed.configuration = true;
        break;
    case Run:
    case RunMultipath:
        if (name == "multipath" || name == "failed_wwids") other_directories = true;
        break;
    case FailedWwids:
        changed.wwids = true;
        break;
    default:
        break;
    }
}

void FileWatch::read_events() {
    FilesChanged changed;
    bool other_directories = false;
    alignas(inotify_event) std::array<char, 8192> buffer{};
    for (std::size_t round = 0; round < rounds; ++round) {
        const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
        if (got <= 0) break;
        const auto size = static_cast<std::size_t>(got);
        for (std::size_t at = 0; at + sizeof(inotify_event) <= size;) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const char* name = buffer.data() + at + sizeof event;
            read_event(event.wd, event.mask, std::string_view(name, ::strnlen(name, event.len)),
                       changed, other_directories);
            at += sizeof event + event.len;
        }
    }
    if (other_directories) {
        watch();
        changed = {true, true}; // what was put into them before they were watched
    }
    if (changed.configuration || changed.wwids) changed_(changed);
}

} // namespace mpapi::multipathd
