// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which paths of a logical unit have to be asked for its target port groups, and what their answers
// are together. A pure state machine: it says whom to ask next and is told what came of it.
//
// One answer usually tells everything, so one path is asked. It is asked again
//   - through a path whose group is absent from the answers so far (federated arrays report only
//     their own groups), and
//   - through another group, and only then through the same one, after a failure.
//
// What was reported together last time is expected to be so again: then all that have to be asked
// are asked at once, and an answer that tells less is made up for afterwards.
#pragma once

#include "common/scsi/target_port_groups.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace mpapi::daemon {

class GroupInquiry {
  public:
    // Numbers of the groups that one path reported, for each path that was asked.
    using ReportingSets = std::vector<std::vector<std::uint16_t>>;

    struct Candidate {
        std::size_t path = 0;               // the caller's own number of it
        std::optional<std::uint16_t> group; // as VPD 83h told it
    };

    GroupInquiry() = default;
    // In the order in which they are to be tried; with what was reported together last time.
    explicit GroupInquiry(const std::vector<Candidate>& candidates, ReportingSets expected = {});

    // The caller's number of the path to ask now; nullopt when there is none until an answer comes,
    // or none at all.
    std::optional<std::size_t> next();
    bool over() const { return under_way_ == 0; } // when next() has no more

    // What came of asking a path that next() named.
    void answered(std::size_t path, const scsi::TargetPortGroups& answer);
    void failed(std::size_t path);

    // What was reported together this time.
    const ReportingSets& reporting_sets() const { return reported_; }
    bool any_answer() const { return answers_ > 0; }
    // Ordered by number; a group told by several is as a path of that group told it.
    const std::vector<scsi::TargetPortGroup>& groups() const { return groups_; }
    // The longest of the answers, seconds.
    std::uint8_t transition_time() const { return transition_time_; }

  private:
    struct State {
        Candidate candidate;
        bool asked = false;
        bool under_way = false;
    };

    bool covered(std::uint16_t group) const;
    bool awaited(std::uint16_t group) const;
    State* end_of(std::size_t path);
    bool failed_through(const std::optional<std::uint16_t>& group) const;

    std::vector<State> paths_;
    std::vector<scsi::TargetPortGroup> groups_;
    std::vector<std::optional<std::uint16_t>> failures_;
    ReportingSets expected_;
    ReportingSets reported_;
    std::size_t under_way_ = 0;
    unsigned answers_ = 0;
    std::uint8_t transition_time_ = 0;
};

} // namespace mpapi::daemon
