// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The lookup over this machine: sysfs and the tables of /proc, read at once, and mpapi-holders for
// processes and for mounts in other mount namespaces. The daemon's own table shows what is mounted
// for it: what was mounted below /home and /root before it started is not there (ProtectHome=), nor
// is what containers mounted. mpapi-holders sees these too.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "daemon/holders/lookup.hpp"
#include "daemon/holders/process_client.hpp"

#include <list>
#include <memory>
#include <string>

namespace mpapi::holders {

class SystemLookup final : public Lookup {
  public:
    struct Options {
        std::string sys = "/sys";
        std::string mountinfo = "/proc/self/mountinfo";
        std::string swaps = "/proc/swaps";
        std::string socket = "/run/mpapi-holders.socket";
        std::chrono::milliseconds patience{5000}; // with mpapi-holders
    };

    // `loop` outlives the lookup and the watches that it gave out.
    explicit SystemLookup(sd_event* loop);
    SystemLookup(sd_event* loop, Options options);

    void look(model::DeviceNumber map, Answer answer) override;
    std::shared_ptr<void> watch(std::function<void()> changed) override;

  private:
    sd_event* loop_;
    Options options_;
    std::list<std::unique_ptr<ProcessQuestion>> questions_;
};

} // namespace mpapi::holders
