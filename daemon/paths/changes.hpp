// SPDX-License-Identifier: LGPL-2.1-or-later
//
// All changes of one daemon: what is kept goes through the queue, access states go to devices, maps
// go by jobs. Without a path manager in force nothing is changed at all.
#pragma once

#include "daemon/paths/access_states.hpp"
#include "daemon/paths/change_queue.hpp"
#include "daemon/paths/changer.hpp"
#include "daemon/paths/identity_job.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace mpapi::paths {

class Changes final : public Changer {
  public:
    using Removal = std::function<std::variant<std::string, Refused>(
        const model::LogicalUnit&, uid_t user, std::chrono::microseconds wait)>;

    struct Means {
        daemon::Hardware& hardware;
        daemon::Workers& workers;
        std::chrono::milliseconds inquiry;
    };

    // References outlive this.
    Changes(const Means& means, const daemon::ModelSource& model, ChangeQueue& queue,
            AccessStates& access_states, Removal removal);
    ~Changes();
    Changes(const Changes&) = delete;
    Changes& operator=(const Changes&) = delete;

    void request(Target target, Request request, Ended ended) override;
    void set_access_states(model::Sequence unit, std::vector<GroupState> states,
                           Ended ended) override;
    std::variant<std::string, Refused> remove(model::Sequence unit, uid_t user,
                                              std::chrono::microseconds wait) override;

  private:
    const Means means_;
    const daemon::ModelSource& model_;
    ChangeQueue& queue_;
    AccessStates& access_states_;
    Removal removal_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace mpapi::paths
