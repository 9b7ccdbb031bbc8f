// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Asks nmbd's program for its version, without waiting for it. Loop thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <functional>
#include <memory>
#include <string>

#include <sys/types.h>

namespace mpapi::discovery {

class NmbdVersion {
  public:
    using Told = std::function<void(Result<std::string>)>;

    // Runs "PROGRAM --version". Calls back once; the object may be dropped then. Dropped before,
    // the program is killed.
    static Result<std::unique_ptr<NmbdVersion>> ask(sd_event* loop, const std::string& program,
                                                    Told told);
    ~NmbdVersion();
    NmbdVersion(const NmbdVersion&) = delete;
    NmbdVersion& operator=(const NmbdVersion&) = delete;

  private:
    explicit NmbdVersion(Told told);
    static int readable(sd_event_source*, int fd, std::uint32_t, void* userdata);
    static int expired(sd_event_source*, std::uint64_t, void* userdata);
    void end(Result<std::string> result);
    void reap();

    Told told_;
    pid_t process_ = -1;
    Fd output_;
    std::string text_;
    EventSource readable_;
    EventSource expiry_;
};

} // namespace mpapi::discovery
