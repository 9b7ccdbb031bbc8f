// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/jobs/job.hpp"

namespace mpapi::jobs {

std::string_view name_of(State state) {
    switch (state) {
    case State::Running:
        return "running";
    case State::Done:
        return "done";
    case State::Failed:
        return "failed";
    case State::Canceled:
        return "canceled";
    }
    return "unknown";
}

std::string_view name_of(holders::Kind kind) {
    switch (kind) {
    case holders::Kind::Mount:
        return "mount";
    case holders::Kind::Swap:
        return "swap";
    case holders::Kind::Process:
        return "process";
    case holders::Kind::Device:
        return "device";
    }
    return "unknown";
}

} // namespace mpapi::jobs
