// SPDX-License-Identifier: LGPL-2.1-or-later
//
// VPD page 83h: what was read is built to bytes that read the same, and a name is never empty and
// never holds a control character, for it becomes part of an object path.
#include "common/scsi/designator.hpp"

#include <cstdlib>

using namespace mpapi::scsi;

namespace {

void check_name(const std::string& name) {
    if (name.empty()) std::abort();
    for (const char c : name)
        if ((static_cast<unsigned char>(c) < 0x20) || c == 0x7f) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto page = parse_device_identification(Bytes(data, size));
    if (!page) return 0;
    if (const auto name = lu_name(*page)) check_name(name->text);
    if (const auto name = target_port_name(*page)) check_name(name->text);
    if (relative_target_port(*page) == 0) std::abort();
    (void)target_port_group(*page);
    (void)logical_unit_group(*page);
    for (const auto& designator : page->designators)
        if (const auto text = designator_text(designator)) check_name(*text);
    const auto built = build_device_identification(*page);
    if (!built) std::abort();
    const auto again = parse_device_identification(*built);
    if (!again || !(again->peripheral == page->peripheral) ||
        !(again->designators == page->designators))
        std::abort();
    return 0;
}
