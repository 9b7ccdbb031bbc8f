// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/description.hpp"

#include "common/system/read_file.hpp"
#include "daemon/san/read_fault.hpp"
#include "daemon/san/section_reader.hpp"

#include <set>

namespace mpapi::san {

namespace {

using model::Transport;

// All limits together fit into a fraction of it.
constexpr std::size_t largest_file = 8u << 20;

std::string hex_name(Section& section, std::string_view key, std::size_t digits) {
    auto name = text(section, key, 64);
    const bool hex = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
    if (!name.empty() && (!hex || name.size() != digits))
        section.complain(key, "expected " + std::to_string(digits) +
                                  " lower-case hexadecimal digits, found \"" + name + "\"");
    return name;
}

std::string iscsi_name(Section& section) {
    // RFC 7143 4.2.7. Commas and blanks would break the names that are made of it.
    auto name = text(section, "iqn", 223);
    const auto prefix = std::string_view(name).substr(0, 4);
    if (!name.empty() && (name.find_first_of(", ") != std::string::npos || name.size() < 5 ||
                          (prefix != "iqn." && prefix != "eui." && prefix != "naa.")))
        section.complain("iqn", "expected an iSCSI name, found \"" + name + "\"");
    return name;
}

std::string portal_group(std::uint16_t tag) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string written = "0x";
    for (int shift = 12; shift >= 0; shift -= 4)
        written += digits[tag >> shift & 15];
    return written;
}

Transport read_transport(Section& section) {
    must_have(section, "transport");
    return section
        .choice<Transport>(
            "transport",
            {{"fc", Transport::FibreChannel}, {"iscsi", Transport::Iscsi}, {"sas", Transport::Sas}})
        .value_or(Transport::FibreChannel);
}

// A generated thing needs a place for its number.
void needs_number(Section& section, std::string_view key, const std::string& pattern,
                  std::uint32_t count) {
    if (count > 1 && !pattern.empty() && pattern.find('#') == std::string::npos)
        section.complain(key, "expected a '#' where the number of a generated unit goes, found \"" +
                                  pattern + "\"");
}

class Reader {
  public:
    Reader(settings::Document& document, const std::string& name)
      : document_(document) {
        result_.file = name;
    }

    Result<Description> read() {
        Section root = document_.root();
        if (auto section = root.section("machine")) read_machine(*section);
        for (auto& section : root.sections("initiator"))
            read_initiator(section);
        for (auto& section : root.sections("array"))
            read_array(section);
        for (auto& section : root.sections("fault"))
            result_.faults.push_back(read_fault(section));
        if (auto status = document_.finish(); !status) return status.error();
        return std::move(result_);
    }

  private:
    void read_machine(Section& section) {
        auto& machine = result_.machine;
        if (const auto flag = section.flag("multipathd")) machine.multipathd = *flag;
        if (const auto immediate =
                section.choice<bool>("failback", {{"immediate", true}, {"manual", false}}))
            machine.failback = *immediate;
        machine.map_major = number(section, "map_major", 1, 4095, machine.map_major);
        if (const auto version = optional_text(section, "version", 32)) machine.version = *version;
    }

    void read_initiator(Section& section) {
        InitiatorDescription initiator;
        initiator.name = text(section, "name", 64);
        if (find_name(result_.initiators, initiator.name))
            section.complain("name", "expected a name that no other initiator has, found \"" +
                                         initiator.name + "\"");
        initiator.transport = read_transport(section);
        switch (initiator.transport) {
        case Transport::Iscsi:
            initiator.port_id = iscsi_name(section) + "," + hex_name(section, "isid", 12);
            initiator.driver = "iscsi_tcp";
            break;
        case Transport::Sas:
            initiator.port_id = hex_name(section, "sas", 16);
            initiator.driver = "mpt3sas";
            break;
        default:
            initiator.port_id = hex_name(section, "wwpn", 16);
            initiator.driver = "qla2xxx";
        }
        if (const auto driver = optional_text(section, "driver", 32)) initiator.driver = *driver;
        if (!section.flag("remote").value_or(false)) {
            initiator.host = number(section, "host", 0, 65535, next_host_);
            next_host_ = *initiator.host + 1;
        }
        for (const auto& other : result_.initiators) {
            if (other.port_id == initiator.port_id)
                section.complain("name", "expected a port that no other initiator is, found \"" +
                                             initiator.port_id + "\"");
            if (initiator.host && other.host == initiator.host)
                section.complain("host", "expected a host number that no other initiator has");
        }
        if (result_.initiators.size() == most_initiators)
            section.complain("name",
                             "expected at most " + std::to_string(most_initiators) + " initiators");
        else
            result_.initiators.push_back(std::move(initiator));
    }

    void read_array(Section& section) {
        if (result_.arrays.size() == most_arrays)
            return section.complain("name",
                                    "expected at most " + std::to_string(most_arrays) + " arrays");
        ArrayDescription array;
        array.name = text(section, "name", 64);
        if (find_name(result_.arrays, array.name))
            section.complain("name", "expected a name that no other array has, found \"" +
                                         array.name + "\"");
        array.vendor = text(section, "vendor", 8);
        array.product = text(section, "product", 16);
        array.revision = text(section, "revision", 4);
        must_have(section, "kind");
        array.kind = section
                         .choice<ArrayKind>("kind", {{"alua", ArrayKind::Alua},
                                                     {"active-passive", ArrayKind::ActivePassive},
                                                     {"symmetric", ArrayKind::Symmetric}})
                         .value_or(ArrayKind::Alua);
        array.transport = read_transport(section);
        read_access(section, array);
        for (auto& group : section.sections("group"))
            read_group(group, array);
        if (array.groups.empty() && array.kind != ArrayKind::Symmetric)
            section.complain("group", "expected one [[array.group]] or more");
        for (auto& port : section.sections("port"))
            read_port(port, array);
        if (array.ports.empty()) section.complain("port", "expected one [[array.port]] or more");
        for (auto& unit : section.sections("unit"))
            read_unit(unit, array);
        result_.arrays.push_back(std::move(array));
    }

    static void read_access(Section& section, ArrayDescription& array) {
        const bool symmetric = array.kind == ArrayKind::Symmetric;
        array.implicit_access = !symmetric;
        array.explicit_access = !symmetric;
        if (section.has("access")) {
            array.implicit_access = array.explicit_access = false;
            for (const auto& word : section.texts("access")) {
                if (word == "implicit" && !symmetric)
                    array.implicit_access = true;
                else if (word == "explicit" && !symmetric)
                    array.explicit_access = true;
                else
                    section.complain(
                        "access", symmetric ? "expected nothing, for the array is symmetric"
                                            : "expected \"implicit\" and \"explicit\" or neither");
            }
        }
        if (const auto attention =
                section.choice<Attention>("attention", {{"reported", Attention::Reported},
                                                        {"pending", Attention::Pending},
                                                        {"none", Attention::None}}))
            array.attention = *attention;
        array.transition_seconds = number<std::uint8_t>(section, "transition_seconds", 0, 255, 0);
    }

    static void read_group(Section& section, ArrayDescription& array) {
        GroupDescription group;
        group.id = number<std::uint16_t>(section, "id", 0, 65535);
        for (const auto& other : array.groups)
            if (other.id == group.id)
                section.complain("id", "expected a number that no other group of the array has");
        must_have(section, "state");
        if (const auto state = section.choice<model::AccessState>("state", access_states()))
            group.state = *state;
        group.preferred = section.flag("preferred").value_or(false);
        if (array.groups.size() == most_groups)
            section.complain("id", "expected at most " + std::to_string(most_groups) + " groups");
        else
            array.groups.push_back(group);
    }

    void read_port(Section& section, ArrayDescription& array) {
        PortDescription port;
        port.name = text(section, "name", 64);
        if (find_name(array.ports, port.name))
            section.complain("name", "expected a name that no other port of the array has");
        switch (array.transport) {
        case Transport::Iscsi:
            port.port_id = iscsi_name(section) + ",t," +
                           portal_group(number<std::uint16_t>(section, "tpgt", 0, 65535));
            break;
        case Transport::Sas:
            port.port_id = hex_name(section, "sas", 16);
            break;
        default:
            port.port_id = hex_name(section, "wwpn", 16);
        }
        if (!port_ids_.insert(port.port_id).second)
            section.complain("name", "expected a port that no other port is, found \"" +
                                         port.port_id + "\"");
        port.relative_id = number<std::uint16_t>(section, "relative_id", 1, 65535,
                                                 static_cast<std::int64_t>(array.ports.size() + 1));
        for (const auto& other : array.ports)
            if (other.relative_id == port.relative_id)
                section.complain("relative_id",
                                 "expected a number that no other port of the array has");
        if (!array.groups.empty()) {
            must_have(section, "group");
            port.group = group_index(section, "group", array);
        }
        read_zoning(section, array, port);
        if (array.ports.size() == most_ports)
            section.complain("name", "expected at most " + std::to_string(most_ports) + " ports");
        else
            array.ports.push_back(std::move(port));
    }

    static std::uint32_t group_index(Section& section, std::string_view key,
                                     const ArrayDescription& array) {
        const auto id = section.integer(key, 0, 65535);
        for (std::uint32_t i = 0; id && i < array.groups.size(); ++i)
            if (array.groups[i].id == *id) return i;
        if (id) section.complain(key, "expected the id of an [[array.group]]");
        return 0;
    }

    void read_zoning(Section& section, const ArrayDescription& array, PortDescription& port) {
        if (!section.has("initiators")) {
            for (std::uint32_t i = 0; i < result_.initiators.size(); ++i)
                if (result_.initiators[i].transport == array.transport)
                    port.initiators.push_back(i);
            return;
        }
        for (const auto& name : section.texts("initiators")) {
            const auto index = find_name(result_.initiators, name);
            if (!index || result_.initiators[*index].transport != array.transport ||
                std::find(port.initiators.begin(), port.initiators.end(), *index) !=
                    port.initiators.end())
                return section.complain("initiators", "expected names of initiators of the "
                                                      "array's transport, each once, found \"" +
                                                          name + "\"");
            port.initiators.push_back(*index);
        }
    }

    void read_unit(Section& section, ArrayDescription& array) {
        UnitDescription unit;
        unit.name = text(section, "name", 100);
        unit.count = number(section, "count", 1, most_units, 1);
        needs_number(section, "name", unit.name, unit.count);
        // SAM-5 4.7.7.3: flat space addressing ends at 3FFFh.
        unit.lun = number(section, "lun", 0, 0x3fff);
        if (unit.lun + unit.count > 0x4000)
            section.complain("lun", "expected the last LUN to be 16383 at most");
        read_designator(section, unit);
        unit.serial = text(section, "serial", 200);
        needs_number(section, "serial", unit.serial, unit.count);
        if (section.has("logical_unit_group"))
            unit.logical_unit_group =
                static_cast<std::uint16_t>(number(section, "logical_unit_group", 0, 0xffff));
        must_have(section, "size");
        unit.size = section.size("size", block_size, std::uint64_t{1} << 60).value_or(block_size);
        if (unit.size % block_size != 0)
            section.complain("size", "expected whole blocks of 512 bytes");
        if (section.has("owner")) unit.owner = group_index(section, "owner", array);
        read_unit_ports(section, array, unit);
        read_map(section, unit);
        if (count(section, unit, array)) array.units.push_back(std::move(unit));
    }

    static void read_designator(Section& section, UnitDescription& unit) {
        const auto written = text(section, "designator", 220);
        if (written.empty()) return;
        const auto designator = parse_designator(written);
        if (!designator)
            return section.complain("designator",
                                    designator.error().reason + ", found \"" + written + "\"");
        unit.designator = *designator;
        if (designator->kind == DesignatorKind::T10 || designator->kind == DesignatorKind::ScsiName)
            needs_number(section, "designator", written, unit.count);
    }

    static void read_unit_ports(Section& section, const ArrayDescription& array,
                                UnitDescription& unit) {
        if (!section.has("ports")) {
            for (std::uint32_t i = 0; i < array.ports.size(); ++i)
                unit.ports.push_back(i);
            return;
        }
        for (const auto& name : section.texts("ports")) {
            const auto index = find_name(array.ports, name);
            if (!index ||
                std::find(unit.ports.begin(), unit.ports.end(), *index) != unit.ports.end())
                return section.complain(
                    "ports",
                    "expected names of ports of the array, each once, found \"" + name + "\"");
            unit.ports.push_back(*index);
        }
    }

    static void read_map(Section& section, UnitDescription& unit) {
        auto& map = unit.map;
        const bool mapped = section.flag("mapped").value_or(true);
        const char* key = section.has("map") ? "map" : "name";
        map.name = optional_text(section, "map", 100).value_or(unit.name);
        if (section.has("map")) needs_number(section, "map", map.name, unit.count);
        // A node's name in /dev/mapper.
        if (mapped && map.name.find_first_of("/ ") != std::string::npos)
            section.complain(key, "expected no blank and no slash in the name of a map, found \"" +
                                      map.name + "\"");
        // May be empty: a map without one. DM_UUID_LEN is 129.
        if (const auto uuid = section.text("map_uuid")) {
            map.uuid = *uuid;
            if (uuid->size() > 100 || !printable(*uuid))
                section.complain("map_uuid", "expected at most 100 characters of printable ASCII");
            needs_number(section, "map_uuid", *uuid, unit.count);
        }
        if (const auto grouping =
                section.choice<Grouping>("grouping", {{"by-group", Grouping::ByGroup},
                                                      {"single", Grouping::Single},
                                                      {"each", Grouping::Each}}))
            map.grouping = *grouping;
        if (const auto selector = optional_text(section, "selector", 64)) {
            map.selector = *selector;
            if (selector->find(' ') != std::string::npos)
                section.complain("selector", "expected one word, found \"" + *selector + "\"");
        }
        read_words(section, "selector_arguments", map.selector_arguments);
        read_words(section, "path_arguments", map.path_arguments);
        read_words(section, "features", map.features);
        read_words(section, "hwhandler", map.hardware_handler);
        map.read_only = section.flag("read_only").value_or(false);
        if (!mapped) map.name.clear();
    }

    static void read_words(Section& section, std::string_view key, std::string& into) {
        const auto words = section.text(key);
        if (!words) return;
        into = *words;
        if (words->size() > 200 || !printable(*words))
            section.complain(key, "expected at most 200 characters of printable ASCII");
    }

    // Limits over the whole file. False when what is read so far is too much to go on.
    bool count(Section& section, const UnitDescription& unit, const ArrayDescription& array) {
        std::uint64_t paths = 0;
        for (const auto port : unit.ports)
            paths += array.ports[port].initiators.size();
        paths_ += paths * unit.count;
        units_ += unit.count;
        if (units_ > most_units || paths_ > most_disks) {
            section.complain("name", "expected at most " + std::to_string(most_units) +
                                         " units and " + std::to_string(most_disks) +
                                         " paths in the file");
            return false;
        }
        const auto taken = [&](std::string_view key, const std::string& what) {
            section.complain(key, "expected what no other unit has, found \"" + what + "\"");
            return false;
        };
        for (std::uint32_t i = 0; i < unit.count; ++i) {
            if (!unit_names_.insert(numbered(unit.name, i)).second)
                return taken("name", numbered(unit.name, i));
            if (!luns_.insert({result_.arrays.size(), unit.lun + i}).second)
                return taken("lun", std::to_string(unit.lun + i));
            if (!unit.map.name.empty() && !map_names_.insert(numbered(unit.map.name, i)).second)
                return taken("map", numbered(unit.map.name, i));
        }
        return true;
    }

    settings::Document& document_;
    Description result_;
    std::uint32_t next_host_ = 0;
    std::uint64_t units_ = 0, paths_ = 0;
    std::set<std::string> port_ids_, unit_names_, map_names_;
    std::set<std::pair<std::size_t, std::uint32_t>> luns_;
};

} // namespace

Result<Description> parse_description(std::string_view source, const std::string& name) {
    if (source.size() > largest_file) return Error{"read", name, "expected 8 MiB at most"};
    auto document = settings::Document::parse(source, name);
    if (!document) return document.error();
    return Reader(*document, name).read();
}

Result<Description> load_description(const std::string& path) {
    const auto source = read_file(path, largest_file);
    if (!source) return source.error();
    return parse_description(*source, path);
}

} // namespace mpapi::san
