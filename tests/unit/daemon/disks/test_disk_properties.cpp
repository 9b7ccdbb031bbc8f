// SPDX-License-Identifier: LGPL-2.1-or-later
// What is told of a disk, from the facts that are known of it.
#include "daemon/disks/disk_properties.hpp"

#include "tests/unit/cmocka.hpp"

#include <algorithm>

using namespace mpapi;
using namespace mpapi::disks;

namespace {

Disk plain() {
    Disk disk;
    disk.nexuses.emplace_back().usable = true;
    disk.use.emplace();
    return disk;
}

std::string flags(const Disk& disk) {
    std::string text;
    for (const auto flag : flags_of(disk))
        text += (text.empty() ? "" : " ") + std::string(flag);
    return text;
}

void what_the_system_does_with_it_is_flagged(void**) {
    using daemon::BlockUse;
    const std::pair<bool BlockUse::*, const char*> rows[] = {
        {&BlockUse::boot, "boot basic"},
        {&BlockUse::root, "system basic"},
        {&BlockUse::swap, "swap basic"},
        {&BlockUse::hibernate, "hibernate basic"},
        {&BlockUse::crash_dump, "crash-dump basic"},
        {&BlockUse::removable, "removable basic"},
        {&BlockUse::system_bus, "system-bus basic"},
        {&BlockUse::dynamic, "dynamic"},
    };
    assert_text_equal(flags(plain()), "basic");
    for (const auto& [member, expected] : rows) {
        Disk disk = plain();
        (*disk.use).*member = true;
        assert_text_equal(flags(disk), expected);
    }
}

void volumes_that_nobody_uses_are_dynamic_too(void**) {
    Disk disk = plain();
    disk.examined.dynamic = true;
    assert_text_equal(flags(disk), "dynamic");
}

void a_bus_without_a_transport_is_known_by_its_place(void**) {
    const auto properties = disk_properties();
    const auto bus = std::find_if(properties.begin(), properties.end(), [](const auto& property) {
        return std::string_view(property.name) == "BusType";
    });
    assert_true(bus != properties.end());
    Disk disk = plain(), ata = plain(), usb = plain(), sas = plain();
    ata.use->attachment = daemon::Attachment::Ata;
    usb.use->attachment = daemon::Attachment::Usb;
    sas.use->attachment = daemon::Attachment::Ata;
    sas.transport = model::Transport::Sas;
    assert_text_equal(std::string(bus_of(disk)), "unknown");
    assert_text_equal(std::string(bus_of(ata)), "ata");
    assert_text_equal(std::string(bus_of(usb)), "usb");
    assert_text_equal(std::string(bus_of(sas)), "sas");
    assert_false(bus->same(disk, ata));
    assert_false(bus->same(ata, usb));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_the_system_does_with_it_is_flagged),
        cmocka_unit_test(volumes_that_nobody_uses_are_dynamic_too),
        cmocka_unit_test(a_bus_without_a_transport_is_known_by_its_place),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
