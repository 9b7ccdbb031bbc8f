// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who changes tables, and what was asked of it: what the model shows of both.
#pragma once

#include "daemon/paths/intents.hpp"
#include "daemon/paths/path_manager.hpp"

#include <functional>
#include <memory>

namespace mpapi::paths {

struct Management {
    const PathManager* manager = nullptr;   // null: nobody does
    std::shared_ptr<const Intents> intents; // never null
};

// Who is told (the inventory).
class ManagementObserver {
  public:
    // A disabled path is one that the intents name and no table does. `shown`, where it is not
    // null, is called when readers see it, or after two seconds.
    virtual void set_management(const PathManager* manager, std::shared_ptr<const Intents> intents,
                                std::function<void()> shown) = 0;
    // What the manager tells of itself may be another now, its settings above all.
    virtual void policy_changed() = 0;

  protected:
    ~ManagementObserver() = default;
};

} // namespace mpapi::paths
