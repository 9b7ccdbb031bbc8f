// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A hostile snapshot file: everything that opens is read to the last reference. The header's magic,
// version and length are put right so that most inputs open.
#include "common/flat/reader.hpp"

#include <cstdint>
#include <cstring>
#include <vector>

using namespace mpapi::flat;

namespace {

volatile unsigned sink;

void touch(std::string_view text) {
    for (char c : text.substr(0, 64))
        sink = sink + static_cast<unsigned char>(c);
    if (!text.empty()) sink = sink + static_cast<unsigned char>(text.back());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 1 << 16) return 0;
    std::vector<std::byte> bytes(size);
    if (size) std::memcpy(bytes.data(), data, size);
    constexpr std::uint64_t build = 7;
    if (size >= sizeof(Header)) {
        Header header;
        std::memcpy(&header, bytes.data(), sizeof header);
        header.magic = kMagic;
        header.layout = kLayout;
        header.header_size = sizeof(Header);
        header.build = build;
        header.total_size = size;
        std::memcpy(bytes.data(), &header, sizeof header);
    }
    const auto reader = Reader::open(bytes, build);
    if (!reader) return 0;
    std::size_t budget = 4096; // tables may overlap; a hostile count must not make this endless
    auto each = [&](auto records, auto&& visit) {
        for (const auto& record : records) {
            if (budget == 0) return;
            --budget;
            visit(record);
        }
    };
    each(reader->plugins(), [&](const Plugin& plugin) {
        touch(reader->text(plugin.name));
        each(reader->texts(plugin.load_balance),
             [&](const Text& text) { touch(reader->text(text)); });
    });
    each(reader->units(), [&](const LogicalUnit& unit) {
        touch(reader->text(unit.key));
        touch(reader->text(unit.trouble.reason));
        each(reader->texts(unit.features), [&](const Text& text) { touch(reader->text(text)); });
        each(reader->settings_of(unit), [&](const Setting& setting) {
            touch(reader->text(setting.file));
            touch(reader->text(setting.note));
        });
        each(reader->groups_of(unit), [&](const TargetPortGroup& group) {
            each(reader->numbers(group.relative_port_ids),
                 [&](const U64& number) { sink = sink + static_cast<unsigned>(number); });
        });
        each(reader->paths_of(unit), [&](const Path& path) {
            touch(reader->text(path.device));
            touch(reader->text(path.trouble.command));
        });
    });
    each(reader->disks(), [&](const Disk& disk) { touch(reader->text(disk.exclusion_detail)); });
    each(reader->target_ports(),
         [&](const TargetPort& port) { touch(reader->text(port.port_id)); });
    return 0;
}
