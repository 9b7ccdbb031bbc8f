// SPDX-License-Identifier: LGPL-2.1-or-later
//
// All changes of one daemon: what is kept goes through the queue, access states go to devices, maps
// go by jobs. Without a path manager in force nothing is changed at all.
#pragma once

#include "daemon/paths/access_states.hpp"
#include "daemon/paths/change_queue.hpp"
#include "daemon/paths/changer.hpp"

#include <functional>

namespace mpapi::paths {

class Changes final : public Changer {
  public:
    using Removal = std::function<std::variant<std::string, Refused>(
        const model::LogicalUnit&, uid_t user, std::chrono::microseconds wait)>;

    // References outlive this.
    Changes(const daemon::ModelSource& model, ChangeQueue& queue, AccessStates& access_states,
            Removal removal)
      : model_(model)
      , queue_(queue)
      , access_states_(access_states)
      , removal_(std::move(removal)) {}

    void request(Target target, Request request, Ended ended) override;
    void set_access_states(model::Sequence unit, std::vector<GroupState> states,
                           Ended ended) override;
    std::variant<std::string, Refused> remove(model::Sequence unit, uid_t user,
                                              std::chrono::microseconds wait) override;

  private:
    const daemon::ModelSource& model_;
    ChangeQueue& queue_;
    AccessStates& access_states_;
    Removal removal_;
};

} // namespace mpapi::paths
