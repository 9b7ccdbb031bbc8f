// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which paths of a logical unit have to be asked for its target port groups, and what their answers
// are together. A pure state machine: it says whom to ask next and is told what came of it.
//
// One answer usually tells everything, so one path is asked. It is asked again
//   - through a path whose group is absent from the answers so far (federated arrays report only
//     their own groups), and
//   - through another group, and only then through the same one, after a failure.
#pragma once

#include "common/scsi/target_port_groups.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace mpapi::daemon {

class GroupInquiry {
  public:
    struct Candidate {
        std::size_t path = 0;               // the caller's own number of it
        std::optional<std::uint16_t> group; // as VPD 83h told it
    };

    GroupInquiry() = default;
    // In the order in which they are to be tried.
    explicit GroupInquiry(const std::vector<Candidate>& candidates);

    // The caller's number of the path to ask now; nullopt when there is nothing more to ask.
    std::optional<std::size_t> next();

    // What came of asking the path that next() named last.
    void answered(const scsi::TargetPortGroups& answer);
    void failed();

    bool any_answer() const { return answers_ > 0; }
    // Ordered by number; a group told by several is as a path of that group told it.
    const std::vector<scsi::TargetPortGroup>& groups() const { return groups_; }
    // The longest of the answers, seconds.
    std::uint8_t transition_time() const { return transition_time_; }

  private:
    struct State {
        Candidate candidate;
        bool asked = false;
    };

    bool covered(std::uint16_t group) const;
    bool failed_through(const std::optional<std::uint16_t>& group) const;

    std::vector<State> paths_;
    std::vector<scsi::TargetPortGroup> groups_;
    std::vector<std::optional<std::uint16_t>> failures_;
    std::optional<std::uint16_t> asking_;
    unsigned answers_ = 0;
    std::uint8_t transition_time_ = 0;
};

} // namespace mpapi::daemon
