// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One command under way: which kinds there are and who carries them out. The unit's stripe is held.
//   command.cpp           the order of checks, INQUIRY, REPORT LUNS, unit attentions
//   group_commands.cpp    REPORT and SET TARGET PORT GROUPS
//   reserve_commands.cpp  PERSISTENT RESERVE IN and OUT
//   block_commands.cpp    READ CAPACITY, READ, WRITE, SYNCHRONIZE CACHE
#pragma once

#include "common/scsi/bytes.hpp"
#include "common/scsi/commands.hpp"
#include "daemon/san/fabric.hpp"
#include "daemon/san/reservations.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mpapi::san {

// Operation codes that common/scsi has no builders for, by SPC-4 and SBC-3.
constexpr std::uint8_t request_sense = 0x03;
constexpr std::uint8_t report_luns = 0xa0;
constexpr std::uint8_t read_10 = 0x28;
constexpr std::uint8_t write_10 = 0x2a;
constexpr std::uint8_t synchronize_cache_10 = 0x35;
constexpr std::uint8_t read_16 = 0x88;
constexpr std::uint8_t write_16 = 0x8a;
constexpr std::uint8_t synchronize_cache_16 = 0x91;

class Command {
  public:
    Command(Fabric& fabric, std::uint32_t path, scsi::Bytes cdb, scsi::Bytes out,
            std::span<std::uint8_t> in)
      : fabric_(fabric)
      , path_index_(path)
      , path_(fabric.paths[path])
      , unit_(fabric.units[path_.unit])
      , array_(fabric.array_of(unit_))
      , cdb_(cdb)
      , out_(out)
      , in_(in)
      , operation_(cdb[0]) {}

    // nullopt: to be carried out by set_target_port_groups() with every stripe held.
    std::optional<daemon::ScsiReply> carry_out();
    // SPC-4 6.45, every stripe held.
    daemon::ScsiReply set_target_port_groups();

  private:
    using ScsiReply = daemon::ScsiReply;

    bool is(scsi::Opcode opcode) const { return operation_ == static_cast<std::uint8_t>(opcode); }
    const Oddity& oddity() const { return fabric_.oddities.find(path_index_)->second; }
    std::optional<ScsiReply> told_to_answer() const;
    ScsiReply unit_attention();
    void tell_kernel(Condition condition);
    std::optional<ScsiReply> access_denied() const;
    ScsiReply standard_inquiry(scsi::Peripheral peripheral);
    ScsiReply inquire();
    ScsiReply luns();
    ScsiReply sense();

    ScsiReply report_target_port_groups() const;

    ScsiReply reserve_in() const;
    ScsiReply reserve_out();
    std::vector<Nexus> nexuses(bool all_target_ports) const;
    ScsiReply register_and_move(Reservations& now, scsi::Bytes bytes);
    ScsiReply done(const Reservations::Result& result);

    ScsiReply blocks();
    ScsiReply read(std::uint64_t first, std::uint64_t blocks);
    ScsiReply write(std::uint64_t first, std::uint64_t blocks);

    Fabric& fabric_;
    std::uint32_t path_index_;
    Path& path_;
    Unit& unit_;
    const ArrayDescription& array_;
    scsi::Bytes cdb_;
    scsi::Bytes out_;
    std::span<std::uint8_t> in_;
    std::uint8_t operation_;
};

} // namespace mpapi::san
