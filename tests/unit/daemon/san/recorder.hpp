// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An observer that writes down what it is told, and a SAN with a loop of its own to tell it.
#pragma once

#include "common/system/handle.hpp"
#include "daemon/san/san.hpp"
#include "tests/unit/cmocka.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace mpapi::san {

class Recorder final : public daemon::HardwareObserver {
  public:
    void disk_present(const daemon::DiskFacts& disk) override {
        disks[disk.device] = disk;
        told.push_back("disk " + disk.device);
    }
    void disk_gone(const std::string& device) override {
        disks.erase(device);
        told.push_back("disk gone " + device);
    }
    void map_present(const daemon::MapFacts& map) override {
        maps[map.number.minor] = map;
        told.push_back("map " + map.name);
    }
    void map_gone(model::DeviceNumber number) override {
        maps.erase(number.minor);
        told.push_back("map gone " + std::to_string(number.minor));
    }
    void access_state_changed(const std::string& device,
                              std::chrono::steady_clock::time_point) override {
        told.push_back("access " + device);
    }
    void inquiry_data_changed(const std::string& device) override {
        told.push_back("inquiry " + device);
    }
    void enumerated() override { told.emplace_back("enumerated"); }
    void device_mapper_state(const std::string&) override {}
    void udev_state(const std::string&) override {}

    // What was told since the last call, sorted unless the order matters.
    std::string take(bool sorted = true) {
        auto lines = std::exchange(told, {});
        if (sorted) std::sort(lines.begin(), lines.end());
        std::string text;
        for (const auto& line : lines)
            text += (text.empty() ? "" : ", ") + line;
        return text;
    }

    const daemon::MapFacts& map(const std::string& name) const {
        for (const auto& [minor, map] : maps)
            if (map.name == name) return map;
        fail_msg("no map %s", name.c_str());
        abort();
    }

    std::map<std::string, daemon::DiskFacts> disks;
    std::map<std::uint32_t, daemon::MapFacts> maps;
    std::vector<std::string> told;
};

inline std::string example(const std::string& name) {
    return std::string(MPAPI_SOURCE_ROOT) + "/daemon/san/examples/" + name + ".toml";
}

// Runs until everything that has happened has been told.
inline void settle(sd_event* loop, San& san) {
    bool settled = false;
    san.settle(std::chrono::seconds(5), [&](Status status) {
        assert_ok(status);
        settled = true;
    });
    while (!settled)
        assert_true(sd_event_run(loop, 5'000'000) > 0);
}

struct World {
    explicit World(Description description) {
        sd_event* made = nullptr;
        assert_true(sd_event_new(&made) >= 0);
        loop.reset(made);
        auto result = San::make(std::move(description));
        assert_ok(result);
        san = std::move(*result);
        assert_ok(san->start(loop.get(), recorder));
        settle();
    }
    static World from(const std::string& path) {
        auto description = load_description(path);
        assert_ok(description);
        return World(std::move(*description));
    }

    void settle() { san::settle(loop.get(), *san); }
    // Applies a fault and returns what was told of it.
    std::string apply(const Fault& fault) {
        recorder.told.clear();
        assert_ok(san->apply(fault));
        settle();
        return recorder.take();
    }
    std::unique_ptr<daemon::ScsiDevice> open(const std::string& disk) {
        const auto found = recorder.disks.find(disk);
        if (found == recorder.disks.end()) fail_msg("no disk %s", disk.c_str());
        auto device = san->open(disk, found->second.number);
        assert_ok(device);
        return std::move(*device);
    }

    Recorder recorder;
    EventLoop loop;
    std::unique_ptr<San> san;
};

inline Fault disk_fault(Verb verb, const std::string& disk) {
    Fault fault;
    fault.verb = verb;
    fault.disk = disk;
    return fault;
}

} // namespace mpapi::san
