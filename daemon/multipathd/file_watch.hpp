// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Tells when the files of multipath-tools (files.hpp) change, by inotify(7) on their directories:
// editors and package tools put new files in the place of old ones, and directories may come later.
// Nothing wakes us while nothing happens in these directories. Not seen: a change behind a symbolic
// link or a bind mount put over one of them.
//
// Loop's thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <array>
#include <functional>
#include <string>
#include <string_view>

namespace mpapi::multipathd {

struct FilesChanged {
    bool configuration = false;
    bool wwids = false; // the wwids file or the failed ones
};

class FileWatch {
  public:
    // `changed` is called from the loop, for each burst of events; it must not destroy this.
    FileWatch(std::string root, std::function<void(FilesChanged)> changed);
    FileWatch(const FileWatch&) = delete;
    FileWatch& operator=(const FileWatch&) = delete;

    Status start(sd_event* loop);

  private:
    static constexpr std::size_t directories = 6;

    void watch();
    void read_events();
    void read_event(int watch, std::uint32_t mask, std::string_view name, FilesChanged& changed,
                    bool& other_directories) const;

    std::string root_;
    std::function<void(FilesChanged)> changed_;
    Fd inotify_;
    EventSource source_;
    std::array<int, directories> watches_{}; // -1: not there
};

} // namespace mpapi::multipathd
