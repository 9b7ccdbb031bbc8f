// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A snapshot in its flat form, read in place. Opening checks the header and that each table lies
// within the bytes; every reference is checked when it is followed, and one that leads nowhere
// reads as empty. So a hostile file gives nonsense at worst, never an access outside of it. Bytes
// that someone else may still change must not be given to it: the file from the daemon is sealed,
// and whoever maps it looks at the seals first.
#pragma once

#include "common/flat/layout.hpp"
#include "common/result.hpp"

#include <span>
#include <string_view>

namespace mpapi::flat {

class Reader {
  public:
    // The bytes must outlive the reader. `build` is build_hash() of one's own version.
    static Result<Reader> open(std::span<const std::byte> bytes, std::uint64_t build);

    const Header& header() const { return *at<Header>(0); }

    std::span<const Plugin> plugins() const { return all<Plugin>(header().plugins); }
    std::span<const LoadBalance> load_balances() const {
        return all<LoadBalance>(header().load_balances);
    }
    std::span<const DeviceProduct> products() const {
        return all<DeviceProduct>(header().products);
    }
    std::span<const InitiatorPort> initiator_ports() const {
        return all<InitiatorPort>(header().initiator_ports);
    }
    std::span<const TargetPort> target_ports() const {
        return all<TargetPort>(header().target_ports);
    }
    std::span<const LogicalUnit> units() const { return all<LogicalUnit>(header().units); }
    std::span<const TargetPortGroup> groups() const {
        return all<TargetPortGroup>(header().groups);
    }
    std::span<const Path> paths() const { return all<Path>(header().paths); }
    std::span<const Disk> disks() const { return all<Disk>(header().disks); }

    std::span<const TargetPortGroup> groups_of(const LogicalUnit& unit) const {
        return part(groups(), unit.groups);
    }
    std::span<const Path> paths_of(const LogicalUnit& unit) const {
        return part(paths(), unit.paths);
    }
    std::span<const Setting> settings_of(const LogicalUnit& unit) const {
        return part(all<Setting>(header().settings), unit.settings);
    }
    std::span<const Text> texts(const List& list) const {
        return part(all<Text>(header().texts), list);
    }
    std::span<const U64> numbers(const List& list) const {
        return part(all<U64>(header().numbers), list);
    }
    std::string_view text(const Text& text) const;

  private:
    explicit Reader(std::span<const std::byte> bytes)
      : bytes_(bytes) {}

    // Records are made of bytes and lie at any address.
    template <typename Record>
    const Record* at(std::size_t offset) const {
        return reinterpret_cast<const Record*>(bytes_.data() + offset);
    }
    template <typename Record>
    std::span<const Record> all(const Table& table) const {
        return {at<Record>(static_cast<std::size_t>(table.offset)), table.count};
    }
    template <typename Record>
    static std::span<const Record> part(std::span<const Record> all, const List& list) {
        const std::size_t first = list.first;
        const std::size_t count = list.count;
        if (first > all.size() || count > all.size() - first) return {};
        return all.subspan(first, count);
    }

    std::span<const std::byte> bytes_;
};

} // namespace mpapi::flat
