// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Snapshots in their flat form, made from the model in memory.
#pragma once

#include "common/flat/reader.hpp"
#include "common/flat/writer.hpp"
#include "tests/unit/cmocka.hpp"

#include <cstring>
#include <vector>

namespace mpapi::plugin {

inline constexpr std::uint64_t kTestBuild = 7;

class Flat {
  public:
    explicit Flat(const model::Snapshot& snapshot)
      : bytes_(written(snapshot)) {
        auto opened = flat::Reader::open(bytes_, kTestBuild);
        assert_ok(opened);
        reader_.emplace(*opened);
    }
    const flat::Reader& operator*() const { return *reader_; }
    const flat::Reader* operator->() const { return &*reader_; }

  private:
    class MemoryFile final : public flat::File {
      public:
        Status write(std::uint64_t offset, std::span<const std::byte> bytes) override {
            if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
            if (!bytes.empty()) std::memcpy(content.data() + offset, bytes.data(), bytes.size());
            return Done{};
        }
        Status copy(std::uint64_t, std::uint64_t, std::uint64_t) override {
            return Error{"copy", "", "there is no previous file", 0};
        }
        Status read_previous(std::uint64_t, std::span<std::byte>) override {
            return Error{"read", "", "there is no previous file", 0};
        }
        std::vector<std::byte> content;
    };

    static std::vector<std::byte> written(const model::Snapshot& snapshot) {
        MemoryFile file;
        assert_ok(flat::write(snapshot, kTestBuild, file, nullptr));
        return std::move(file.content);
    }

    std::vector<std::byte> bytes_;
    std::optional<flat::Reader> reader_;
};

template <typename T>
model::Table<T> table(std::vector<T> rows) {
    return std::make_shared<const std::vector<T>>(std::move(rows));
}

// One unit with two groups and three paths; the last two are of one nexus.
struct World {
    World() {
        snapshot.instance = 9;
        snapshot.generation = 1;
        snapshot.manager = {1, true, "multipathd", "it runs", "", ""};
        model::Plugin plugin;
        plugin.id = 1;
        plugin.name = "dm_multipath";
        plugin.driver_name = "dm-multipath";
        plugin.driver_vendor = "Linux";
        plugin.driver_version = "1.14.0";
        plugin.device_file_namespace = "/dev/mapper/*";
        plugin.capabilities.failback_rate_max = 3600;
        plugin.capabilities.probing_rate_max = 300;
        plugin.default_selector = "service-time 1 7";
        snapshot.plugins = table<model::Plugin>({plugin});
        snapshot.load_balances = table<model::LoadBalance>(
            {{1, "round-robin", "Linux", 1u << 1}, {2, "service-time", "Linux", 1u << 16}});
        snapshot.products = table<model::DeviceProduct>({{5, "ACME", "Array", "1"}});
        snapshot.initiator_ports =
            table<model::InitiatorPort>({{3, "2100000000000001", model::Transport::FibreChannel,
                                          "/sys/class/fc_host/host3", "h\xc3\xb6st3"},
                                         {4, "5000000000000001", model::Transport::Sas, "", ""}});
        snapshot.target_ports =
            table<model::TargetPort>({{6, "iqn.2002-03.x:a,t,0x0001", model::Transport::Iscsi, 7}});
        unit.read_times = std::make_shared<model::ReadTimes>();
        unit.unit.id = 8;
        unit.unit.key = "36001405abc";
        unit.unit.name = "mpatha";
        unit.unit.vendor = "ACME";
        unit.unit.product = "Array";
        unit.unit.revision = "1";
        unit.unit.unit_name = "6001405abc";
        unit.unit.unit_name_type = model::NameType::Naa;
        unit.unit.serial_number = "S1";
        unit.unit.selector = "service-time";
        unit.unit.selector_arguments = "0";
        unit.unit.hardware_handler = "alua";
        unit.unit.features = {"queue_if_no_path", "pg_init_retries", "50"};
        unit.unit.asymmetric = true;
        unit.unit.product_id = 5;
        unit.unit.load_balance = 2;
        model::TargetPortGroup group;
        group.id = 20;
        group.number = 1;
        group.access_state = model::AccessState::ActiveOptimized;
        group.preferred = true;
        group.explicit_failover = true;
        group.target_ports = {6};
        unit.groups.push_back(group);
        group.id = 21;
        group.number = 2;
        group.access_state = model::AccessState::Standby;
        unit.groups.push_back(group);
        for (model::Sequence id = 30; id < 33; ++id) {
            model::Path path;
            path.id = id;
            path.initiator_port = id == 30 ? 3 : 4;
            path.target_port = 6;
            path.device = "sd" + std::string(1, static_cast<char>('a' + id - 30));
            path.address = {3, 1, 2, 5};
            path.state = model::PathState::Okay;
            unit.paths.push_back(path);
        }
    }

    Flat flat() {
        model::Snapshot now = snapshot;
        now.units.put(std::make_shared<model::Unit>(unit));
        return Flat(now);
    }

    model::Snapshot snapshot;
    model::Unit unit;
};

} // namespace mpapi::plugin
