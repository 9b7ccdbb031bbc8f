// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/read_fault.hpp"

#include "daemon/san/description.hpp"
#include "daemon/san/section_reader.hpp"

#include "common/scsi/text.hpp"

namespace mpapi::san {

namespace {

using namespace std::chrono_literals;

void read_bytes(Section& section, Fault& fault) {
    const auto written = section.text("bytes");
    if (!written) return;
    std::string digits;
    for (const char c : *written)
        if (c != ' ') digits.push_back(c);
    const auto bytes = scsi::from_hex(digits);
    if (!bytes || bytes->size() > 65536)
        return section.complain("bytes", "expected pairs of hexadecimal digits, 65536 at most");
    fault.bytes = *bytes;
}

void read_designator(Section& section, Fault& fault) {
    const auto written = text(section, "designator", 220);
    if (written.empty()) return;
    const auto designator = parse_designator(written);
    if (designator)
        fault.designator = *designator;
    else
        section.complain("designator", designator.error().reason + ", found \"" + written + "\"");
    fault.serial = text(section, "serial", 250);
}

void read_operations(Section& section, Fault& fault) {
    for (const auto& written : section.texts("operations")) {
        const auto code = scsi::from_hex(written);
        if (!code || code->size() != 1)
            return section.complain("operations", "expected operation codes of two hexadecimal "
                                                  "digits, found \"" +
                                                      written + "\"");
        fault.operations.push_back(code->front());
    }
}

} // namespace

Fault read_fault(settings::Section& section) {
    Fault fault;
    fault.line = static_cast<std::uint32_t>(section.line());
    must_have(section, "verb");
    const auto verb = section.choice<Verb>("verb", verbs());
    if (!verb) return fault;
    fault.verb = *verb;
    switch (*verb) {
    case Verb::PathLost:
    case Verb::PathRestored:
    case Verb::CommandReleased:
    case Verb::DiskOffline:
    case Verb::DiskRemoved:
    case Verb::DiskRescanned:
        fault.disk = text(section, "disk", 16);
        break;
    case Verb::CommandHangs:
        fault.disk = text(section, "disk", 16);
        read_operations(section, fault);
        break;
    case Verb::PortLost:
    case Verb::PortRestored:
        fault.array = text(section, "array", 64);
        fault.port = text(section, "port", 64);
        break;
    case Verb::ArrayFailsOver:
        fault.array = text(section, "array", 64);
        if (const auto time = section.duration("transition", 0ms, 1h)) fault.transition = *time;
        break;
    case Verb::GroupState:
        fault.array = text(section, "array", 64);
        fault.unit = optional_text(section, "unit", 128).value_or("");
        fault.group = number<std::uint16_t>(section, "group", 0, 65535);
        must_have(section, "state");
        if (const auto state = section.choice<model::AccessState>("state", access_states()))
            fault.state = *state;
        break;
    case Verb::SetGroupsAnswer:
        fault.array = text(section, "array", 64);
        must_have(section, "answer");
        if (const auto answer = section.choice<SetGroupsAnswer>("answer", set_groups_answers()))
            fault.answer = *answer;
        if (const auto time = section.duration("transition", 0ms, 1h)) fault.transition = *time;
        break;
    case Verb::LunReused:
        fault.unit = text(section, "unit", 128);
        read_designator(section, fault);
        fault.announced = section.flag("announced").value_or(true);
        break;
    case Verb::PathReused:
        fault.disk = text(section, "disk", 16);
        read_designator(section, fault);
        fault.announced = section.flag("announced").value_or(true);
        break;
    case Verb::SizeChanged:
        fault.unit = text(section, "unit", 128);
        must_have(section, "size");
        fault.size = section.size("size", block_size, std::uint64_t{1} << 60).value_or(block_size);
        if (fault.size % block_size != 0)
            section.complain("size", "expected whole blocks of 512 bytes");
        fault.announced = section.flag("announced").value_or(true);
        break;
    case Verb::UnitRemoved:
        fault.rescanned = section.flag("rescanned").value_or(false);
        [[fallthrough]];
    case Verb::UnitAdded:
        fault.unit = text(section, "unit", 128);
        break;
    case Verb::DiskAdded:
        fault.unit = text(section, "unit", 128);
        fault.initiator = text(section, "initiator", 64);
        fault.port = text(section, "port", 64);
        break;
    case Verb::HostRemoved:
    case Verb::HostAdded:
        fault.initiator = text(section, "initiator", 64);
        break;
    case Verb::MapRemoved:
    case Verb::MapSuspended:
    case Verb::MapResumed:
    case Verb::MapHeld:
    case Verb::MapIsSystem:
    case Verb::MapReleased:
    case Verb::MapIo:
        fault.map = text(section, "map", 128);
        break;
    case Verb::MapMade:
        fault.unit = text(section, "unit", 128);
        fault.name = optional_text(section, "name", 127).value_or("");
        break;
    case Verb::MapRenamed:
        fault.map = text(section, "map", 128);
        fault.name = text(section, "name", 127);
        break;
    case Verb::MapText:
        fault.map = text(section, "map", 128);
        fault.table = section.text("table").value_or("");
        fault.status = section.text("status").value_or("");
        break;
    case Verb::MapContent:
        fault.map = text(section, "map", 128);
        fault.content = optional_text(section, "content", 127).value_or("");
        break;
    case Verb::Reply:
        fault.disk = text(section, "disk", 16);
        fault.operation = number<std::uint8_t>(section, "operation", 0, 255);
        if (const auto page = section.integer("page", 0, 255))
            fault.page = static_cast<std::uint8_t>(*page);
        read_bytes(section, fault);
        break;
    }
    return fault;
}

} // namespace mpapi::san
