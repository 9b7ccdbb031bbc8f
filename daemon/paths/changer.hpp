// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The seam between the bus, where changes are asked for, and whoever makes them. By then it is
// known that the caller may. Loop's thread only; `ended` is called once, later.
#pragma once

#include "common/result.hpp"
#include "daemon/paths/requests.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace mpapi::paths {

// A target port group and the state it is to have.
using GroupState = std::pair<model::Sequence, model::AccessState>;

class Changer {
  public:
    virtual void request(Target target, Request request, Ended ended) = 0;
    virtual void set_access_states(model::Sequence unit, std::vector<GroupState> states,
                                   Ended ended) = 0;
    // The object path of the job that takes the map away. It waits that long for its holders.
    virtual std::variant<std::string, Refused> remove(model::Sequence unit, uid_t user,
                                                      std::chrono::microseconds wait) = 0;

  protected:
    ~Changer() = default;
};

} // namespace mpapi::paths
