// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One logical unit with two paths to two target port groups, on devices that answer SET TARGET PORT
// GROUPS as a test wants it.
#pragma once

#include "common/scsi/commands.hpp"
#include "common/scsi/sense.hpp"
#include "common/scsi/target_port_groups.hpp"
#include "common/scsi/vpd.hpp"
#include "daemon/hardware.hpp"
#include "tests/unit/cmocka.hpp"

#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace mpapi::paths {

inline daemon::ScsiReply check_condition(scsi::SenseKey key, std::uint8_t asc, std::uint8_t ascq) {
    scsi::Sense sense;
    sense.key = key;
    sense.asc = asc;
    sense.ascq = ascq;
    daemon::ScsiReply reply;
    reply.status = static_cast<std::uint8_t>(scsi::StatusCode::CheckCondition);
    reply.sense = scsi::build_sense(sense);
    return reply;
}

inline daemon::ScsiReply no_connection() {
    daemon::ScsiReply reply;
    reply.error = Error{"send", "sda", "DID_NO_CONNECT", 0};
    return reply;
}

// Shared by workers and the test.
struct GroupArray {
    using Groups = std::vector<scsi::SetTargetPortGroup>;

    std::mutex mutex;
    std::map<std::uint16_t, scsi::AccessState> states{
        {1, scsi::AccessState::ActiveOptimized},
        {2, scsi::AccessState::Standby},
    };
    std::map<std::string, std::uint8_t> last_byte; // of the unit's name, by device; 1 elsewhere
    std::map<std::string, bool> dead;              // by device
    std::vector<std::pair<std::string, Groups>> asked;
    // Answers SET TARGET PORT GROUPS through a device, the mutex held. By default obeys.
    std::function<daemon::ScsiReply(const Groups&)> answer = [this](const Groups& wanted) {
        return obey(wanted);
    };
    // Called with each REPORT TARGET PORT GROUPS, the mutex held.
    std::function<void()> reporting = [] {};

    std::size_t times_asked() {
        const std::lock_guard lock(mutex);
        return asked.size();
    }
    daemon::ScsiReply obey(const Groups& wanted) {
        for (const auto& each : wanted)
            states[each.number] = each.state;
        return {};
    }

    daemon::ScsiReply read(const std::string& device, std::span<const std::uint8_t> cdb,
                           std::span<std::uint8_t> data) {
        const std::lock_guard lock(mutex);
        if (dead[device]) return no_connection();
        std::vector<std::uint8_t> bytes;
        if (cdb[0] == 0xa3) {
            reporting();
            scsi::TargetPortGroups groups;
            for (const auto& [number, state] : states) {
                scsi::TargetPortGroup group;
                group.number = number;
                group.state = state;
                group.relative_ports = {number};
                groups.groups.push_back(std::move(group));
            }
            if (cdb[1] >> 5 != 0) return check_condition(scsi::SenseKey::IllegalRequest, 0x24, 0);
            const auto built = scsi::build_target_port_groups(groups);
            assert_ok(built);
            bytes = *built;
        } else if ((cdb[1] & 1) == 0) {
            bytes.assign(96, ' ');
            bytes[0] = 0, bytes[1] = 0, bytes[2] = 6, bytes[3] = 2, bytes[4] = 91, bytes[5] = 0x30;
        } else if (cdb[2] == 0x83) {
            bytes = {0, 0x83, 0, 20, 0x01, 0x03, 0, 16, 0x60, 0x01, 0x40, 0x50};
            bytes.resize(23);
            const auto other = last_byte.find(device);
            bytes.push_back(other == last_byte.end() ? 1 : other->second);
        } else {
            bytes = cdb[2] == 0 ? std::vector<std::uint8_t>{0, 0, 0, 3, 0, 0x80, 0x83}
                                : std::vector<std::uint8_t>{0, 0x80, 0, 1, 'S'};
        }
        daemon::ScsiReply reply;
        reply.received = std::min(bytes.size(), data.size());
        std::copy_n(bytes.begin(), reply.received, data.begin());
        return reply;
    }

    daemon::ScsiReply write(const std::string& device, std::span<const std::uint8_t> cdb,
                            std::span<const std::uint8_t> list) {
        const std::lock_guard lock(mutex);
        assert_int_equal(cdb[0], 0xa4);
        const auto wanted = scsi::parse_set_target_port_groups(list);
        assert_ok(wanted);
        asked.emplace_back(device, *wanted);
        return answer(*wanted);
    }
};

inline std::string unit_name(unsigned last_byte) {
    return "600140500000000000000000000000" + std::string(last_byte < 16 ? "0" : "") +
           std::to_string(last_byte);
}

class GroupDevice final : public daemon::ScsiDevice {
  public:
    GroupDevice(GroupArray& array, std::string name)
      : array_(array)
      , name_(std::move(name)) {}
    daemon::ScsiReply read(std::span<const std::uint8_t> cdb, std::span<std::uint8_t> data,
                           std::chrono::milliseconds) override {
        return array_.read(name_, cdb, data);
    }
    daemon::ScsiReply write(std::span<const std::uint8_t> cdb, std::span<const std::uint8_t> data,
                            std::chrono::milliseconds) override {
        return array_.write(name_, cdb, data);
    }

  private:
    GroupArray& array_;
    const std::string name_;
};

} // namespace mpapi::paths
