// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From a snapshot to its flat form (layout.hpp). The tables are written side by side, in pieces of
// some ten thousand bytes: into a file that is cheaper by half than writing to a mapping of it,
// whose pages would have to be faulted in one by one. Usable from any thread.
#pragma once

#include "common/flat/layout.hpp"
#include "common/model/snapshot.hpp"
#include "common/result.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mpapi::flat {

class Writer {
  public:
    // Takes a piece of the file for an offset. Pieces come in no order and do not overlap; together
    // they are the whole file.
    using Sink = std::function<Status(std::uint64_t offset, std::span<const std::byte>)>;

    // The snapshot must outlive the writer. `build` is build_hash() of the daemon's version.
    Writer(const model::Snapshot& snapshot, std::uint64_t build, Sink sink);

    // Once only. Fails with the sink, or where the strings would pass 4 GiB; what was written is
    // worth nothing then.
    Status write();

  private:
    struct Remembered {
        std::string_view text;
        Text place;
    };

    template <typename Record>
    class Cursor;

    template <typename Record>
    void reserve(Table& table, std::size_t count);
    Text text(std::string_view text);
    List texts(const std::vector<std::string>& values);
    template <typename Container>
    List numbers(const Container& values);
    List settings(const model::Shared<std::vector<model::Setting>>& settings);
    Trouble trouble(const model::Shared<model::Trouble>& trouble);
    template <typename Record, typename Value>
    void write_table(const Table& table, const model::Table<Value>& values);
    void write_units();
    void put(std::uint64_t offset, std::span<const std::byte> bytes);

    Plugin record(const model::Plugin&);
    LoadBalance record(const model::LoadBalance&);
    DeviceProduct record(const model::DeviceProduct&);
    InitiatorPort record(const model::InitiatorPort&);
    TargetPort record(const model::TargetPort&);
    TargetPortGroup record(const model::TargetPortGroup&);
    Path record(const model::Path&);
    Disk record(const model::Disk&);
    LogicalUnit record(const model::Unit&, std::uint32_t first_group, std::uint32_t first_path);

    const model::Snapshot& snapshot_;
    Sink sink_;
    Status status_ = Done{};
    Header header_{};
    std::uint64_t head_size_ = sizeof(Header); // header and fixed tables
    std::vector<Setting> settings_;
    std::vector<Text> texts_;
    std::vector<U64> numbers_;
    std::string strings_;
    std::vector<Remembered> recent_;
    std::unordered_map<const void*, List> shared_settings_;
};

// All of it in memory.
Result<std::vector<std::byte>> write(const model::Snapshot& snapshot, std::uint64_t build);

} // namespace mpapi::flat
