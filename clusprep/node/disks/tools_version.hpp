// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The version of multipath-tools. Nothing tells it but the program itself, with its usage
// ("multipath -h"): it is run as the user that this is, which asks no device, and ended when it
// takes too long.
#pragma once

#include "common/system/handle.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace mpapi::node {

// "0.9.4" of "multipath-tools v0.9.4 (12/19, 2022)", wherever it stands in the text; "" where it
// does not.
std::string tools_version(std::string_view told);

class ToolsVersion {
  public:
    // "": they are not there, or do not tell.
    using Then = std::function<void(const std::string& version)>;

    // The loop outlives this.
    explicit ToolsVersion(sd_event* loop, std::string program = "/usr/sbin/multipath",
                          std::chrono::milliseconds patience = std::chrono::seconds(2))
      : loop_(loop)
      , program_(std::move(program))
      , patience_(patience) {}
    ~ToolsVersion();
    ToolsVersion(const ToolsVersion&) = delete;
    ToolsVersion& operator=(const ToolsVersion&) = delete;

    // `then` is called once, from the loop or from within, unless this goes before. Who asks while
    // it is asked gets the same answer.
    void ask(Then then);

  private:
    bool start();
    void ended();
    void stop() const;
    void answer(const std::string& version);

    sd_event* loop_;
    const std::string program_;
    const std::chrono::milliseconds patience_;
    std::vector<Then> waiting_;
    // While it runs.
    pid_t child_ = -1;
    Fd process_, output_;
    EventSource exits_, deadline_;
};

} // namespace mpapi::node
