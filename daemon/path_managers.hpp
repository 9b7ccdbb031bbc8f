// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Puts the path manager in force that the follower of multipathd's unit names, and passes all else
// that it tells on to the inventory. Loop's thread only.
#pragma once

#include "daemon/inventory/policy.hpp"
#include "daemon/paths/change_queue.hpp"

#include <string>

namespace mpapi::daemon {

class PathManagers final : public PolicyObserver {
  public:
    // All references outlive this; managers are called by name.
    PathManagers(PolicyObserver& inventory, paths::ChangeQueue& queue,
                 paths::PathManager& multipathd, paths::PathManager& standalone)
      : inventory_(inventory)
      , queue_(queue)
      , multipathd_(multipathd)
      , standalone_(standalone) {}

    void set_path_manager(const std::string& manager, const std::string& reason) override {
        inventory_.set_path_manager(manager, reason);
        queue_.set_manager(manager == "multipathd"   ? &multipathd_
                           : manager == "standalone" ? &standalone_
                                                     : nullptr,
                           reason);
    }
    void policy_changed() override { inventory_.policy_changed(); }
    void exclusions_changed() override { inventory_.exclusions_changed(); }

  private:
    PolicyObserver& inventory_;
    paths::ChangeQueue& queue_;
    paths::PathManager& multipathd_;
    paths::PathManager& standalone_;
};

} // namespace mpapi::daemon
