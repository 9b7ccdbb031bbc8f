// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whether this machine serves block storage: an iSCSI target of LIO, the kernel's, that has a
// portal group which is enabled. It is read from configfs (Documentation/target,
// /sys/kernel/config/target/ iscsi/NAME/tpgt_N/enable), where targetcli and everybody else sets it
// up; everybody may read there.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace mpapi::discovery {

// `folder`: .../target/iscsi; without it there is no target.
bool has_enabled_target(const std::string& folder);

// What was found holds for a second, so that a flood of questions is no flood of reads.
class BlockStorage {
  public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::seconds kHolds{1};

    BlockStorage(std::string folder, std::function<Time()> now)
      : folder_(std::move(folder))
      , now_(std::move(now)) {}

    bool served();

  private:
    std::string folder_;
    std::function<Time()> now_;
    std::optional<Time> looked_;
    bool found_ = false;
};

} // namespace mpapi::discovery
