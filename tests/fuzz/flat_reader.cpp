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
    const auto common = reader->common();
    touch(common.text(common.manager().path_manager_reason));
    each(common.plugins(), [&](const Plugin& plugin) {
        touch(common.text(plugin.name));
        each(common.texts(plugin.load_balance),
             [&](const Text& text) { touch(common.text(text)); });
    });
    each(common.target_ports(), [&](const TargetPort& port) { touch(common.text(port.port_id)); });
    auto visit = [&](const UnitView& view) {
        const auto& section = view.section;
        const LogicalUnit& unit = *view.unit;
        sink = sink + static_cast<unsigned>(view.read_times.groups);
        touch(section.text(unit.key));
        if (const Trouble* trouble = section.trouble(unit.trouble))
            touch(section.text(trouble->reason));
        each(section.texts(unit.features), [&](const Text& text) { touch(section.text(text)); });
        each(section.settings_of(unit), [&](const Setting& setting) {
            touch(section.text(setting.file));
            touch(section.text(setting.note));
        });
        each(section.groups_of(unit), [&](const TargetPortGroup& group) {
            each(section.numbers(group.relative_port_ids),
                 [&](const U64& number) { sink = sink + static_cast<unsigned>(number); });
            if (const auto found = reader->find_group(group.id))
                sink = sink + found->group->access_state;
        });
        each(section.paths_of(unit), [&](const Path& path) {
            touch(section.text(path.device));
            if (const auto found = reader->find_path(path.id))
                touch(found->of.section.text(found->path->designator));
        });
        if (const auto found = reader->find_unit(unit.id))
            touch(found->section.text(found->unit->name));
    };
    // A budget does not end a walk; the file's size does, for a block takes its place in it.
    reader->for_each_unit([&](const UnitView& view) {
        if (budget == 0) return;
        --budget;
        visit(view);
    });
    reader->for_each_disk([&](const DiskView& view) {
        if (budget == 0) return;
        --budget;
        touch(view.section.text(view.disk->exclusion_detail));
    });
    for (const std::uint64_t id : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
        (void)reader->find_path(id);
        (void)reader->find_disk(id);
    }
    return 0;
}
