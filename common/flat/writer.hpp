// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From a snapshot to its flat form (layout.hpp). In two parts, so that the large one can be written
// where it is to be: the head, whose size is known beforehand (header and fixed tables), and the
// tail, which is found on the way (lists and strings). Usable from any thread.
#pragma once

#include "common/flat/layout.hpp"
#include "common/model/snapshot.hpp"
#include "common/result.hpp"

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mpapi::flat {

class Writer {
  public:
    // The snapshot must outlive the writer. `build` is build_hash() of the daemon's version.
    Writer(const model::Snapshot& snapshot, std::uint64_t build);

    std::size_t head_size() const { return head_size_; }
    // Fills the whole head; fails where a table or the strings would pass 4 GiB, and the contents
    // are not to be used then. Once only.
    Status fill(std::span<std::byte> head);
    // After fill(): what follows the head, piece by piece.
    std::array<std::span<const std::byte>, 4> tail() const;

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
    void write_table(std::span<std::byte> head, const Table& table,
                     const model::Table<Value>& values);
    void write_units(std::span<std::byte> head);

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
    Header header_{};
    std::size_t head_size_ = sizeof(Header);
    std::vector<Setting> settings_;
    std::vector<Text> texts_;
    std::vector<U64> numbers_;
    std::string strings_;
    std::vector<Remembered> recent_;
    std::unordered_map<const void*, List> shared_settings_;
};

// Head and tail as one.
Result<std::vector<std::byte>> write(const model::Snapshot& snapshot, std::uint64_t build);

} // namespace mpapi::flat
