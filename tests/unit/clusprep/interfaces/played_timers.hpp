// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "clusprep/interfaces/classes.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace mpapi::csvp {

// A later of which the test is the clock.
struct Timers {
    std::vector<std::weak_ptr<std::function<void()>>> set;
    std::chrono::seconds asked{}; // of the last one

    GivingUp::Later later() {
        return [this](std::chrono::seconds time, std::function<void()> then) {
            asked = time;
            auto timer = std::make_shared<std::function<void()>>(std::move(then));
            set.push_back(timer);
            return timer;
        };
    }
    unsigned expire() { // how many there were
        unsigned expired = 0;
        for (const auto& each : std::exchange(set, {}))
            if (const auto timer = each.lock()) {
                ++expired;
                (*timer)();
            }
        return expired;
    }
    Options options() {
        Options options;
        options.later = later();
        return options;
    }
};

} // namespace mpapi::csvp
