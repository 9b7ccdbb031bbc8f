// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Any text is a configuration with problems: values read from it survive being quoted, and it can
// be asked for the settings of a map, as a file and as what multipathd shows.
#include "common/multipath_conf/effective.hpp"
#include "common/multipath_conf/exclusion.hpp"

#include <cstdlib>

using namespace mpapi::multipath_conf;

namespace {

void survives_quoting(const Section& section) {
    for (const Attribute& attribute : section.attributes) {
        const auto again = parse("again", "blacklist {\n" + attribute.key + " " +
                                              quote(attribute.value) + "\n}\n");
        if (!again || !again->problems.empty()) std::abort();
        const Attribute* found = again->sections.at(0).find(attribute.key);
        if (found == nullptr || found->value != attribute.value) std::abort();
    }
    for (const Section& inner : section.subsections)
        survives_quoting(inner);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)parse_show_devices(text);
    const auto file = parse("fuzz", text);
    if (!file) std::abort();
    for (const Section& section : file->sections)
        survives_quoting(section);

    const std::vector<ConfFile> files = {*file};
    const MapIdentity map = {"36001", "LIO-ORG", "TCMU", "0002", "scsi:fcp"};
    (void)effective_settings(files, std::nullopt, map);
    const auto settings = effective_settings(files, *file, map);
    for (const Setting& setting : settings)
        if (setting.source == Source::BuiltIn) std::abort(); // the file says all that is shown

    DiskFacts disk;
    disk.name = "sda";
    disk.vendor = "LIO-ORG";
    disk.product = "TCMU";
    disk.wwid = "36001";
    disk.property_names = std::make_shared<const std::vector<std::string>>(1, "ID_SERIAL");
    ManagerFacts manager;
    manager.state = ManagerState::Running;
    manager.shown = *file;
    manager.files = files;
    if (why_in_no_map(disk, manager).sentence.empty()) std::abort();
    return 0;
}
