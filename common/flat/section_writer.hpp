// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Makes one section of the flat form (layout.hpp): values of the model are added, then the bytes
// taken.
#pragma once

#include "common/flat/layout.hpp"
#include "common/model/snapshot.hpp"
#include "common/result.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpapi::flat {

class SectionWriter {
  public:
    SectionWriter();

    // In the order of ids. What was added must live until finish().
    void add(const model::Unit& unit);
    void add(const model::Manager& value) { managers_.push_back(record(value)); }
    void add(const model::Plugin& value) { plugins_.push_back(record(value)); }
    void add(const model::LoadBalance& value) { load_balances_.push_back(record(value)); }
    void add(const model::DeviceProduct& value) { products_.push_back(record(value)); }
    void add(const model::InitiatorPort& value) { initiator_ports_.push_back(record(value)); }
    void add(const model::TargetPort& value) { target_ports_.push_back(record(value)); }
    void add(const model::Disk& value) { disks_.push_back(record(value)); }

    // The section, until the next call. Fails where it would pass 4 GiB.
    Result<std::span<const std::byte>> finish();
    // Back to an empty section; the memory is kept for the next.
    void clear();

  private:
    struct Remembered {
        std::string_view text;
        Text place;
        std::uint32_t section = 0; // in which it was written
    };

    Text text(std::string_view text);
    List texts(const std::vector<std::string>& values);
    template <typename Container>
    List numbers(const Container& values);
    List settings(const model::Shared<std::vector<model::Setting>>& settings);
    TroubleRef trouble(const model::Shared<model::Trouble>& trouble);

    Manager record(const model::Manager&);
    Plugin record(const model::Plugin&);
    LoadBalance record(const model::LoadBalance&);
    DeviceProduct record(const model::DeviceProduct&);
    InitiatorPort record(const model::InitiatorPort&);
    TargetPort record(const model::TargetPort&);
    TargetPortGroup record(const model::TargetPortGroup&);
    Path record(const model::Path&);
    Disk record(const model::Disk&);
    LogicalUnit record(const model::Unit&); // before its groups and paths

    template <typename Visitor>
    void for_each_table(Visitor&& visit) {
        visit(&Section::managers, managers_);
        visit(&Section::plugins, plugins_);
        visit(&Section::load_balances, load_balances_);
        visit(&Section::products, products_);
        visit(&Section::initiator_ports, initiator_ports_);
        visit(&Section::target_ports, target_ports_);
        visit(&Section::disks, disks_);
        visit(&Section::units, units_);
        visit(&Section::groups, groups_);
        visit(&Section::paths, paths_);
        visit(&Section::settings, settings_);
        visit(&Section::troubles, troubles_);
        visit(&Section::texts, texts_);
        visit(&Section::numbers, numbers_);
    }

    std::vector<Manager> managers_;
    std::vector<Plugin> plugins_;
    std::vector<LoadBalance> load_balances_;
    std::vector<DeviceProduct> products_;
    std::vector<InitiatorPort> initiator_ports_;
    std::vector<TargetPort> target_ports_;
    std::vector<Disk> disks_;
    std::vector<LogicalUnit> units_;
    std::vector<TargetPortGroup> groups_;
    std::vector<Path> paths_;
    std::vector<Setting> settings_;
    std::vector<Trouble> troubles_;
    std::vector<Text> texts_;
    std::vector<U64> numbers_;
    std::vector<List> recent_numbers_;
    std::string texts_bytes_; // each with its length before it
    std::vector<Remembered> recent_;
    std::uint32_t section_ = 1; // counts them
    std::vector<std::pair<const void*, List>> shared_settings_;
    std::vector<std::byte> bytes_;
};

} // namespace mpapi::flat
