// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The record of an address, and the configuration, which knows the same keys. What can be read is
// written so that it reads the same; text that no caller can have given is passed over, for it is
// not written.
#include "common/settings/configuration.hpp"
#include "common/text/printable.hpp"
#include "failover/config.hpp"
#include "failover/wanted.hpp"

#include <cstdlib>

using namespace mpapi;
using namespace mpapi::failover;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)settings::parse<Config>(text, "ipfailoverd.toml");
    const auto record = parse_record(text, "record");
    if (!record) return 0;
    const Wanted& wanted = record->wanted;
    for (const std::string& each :
         {wanted.interface, wanted.placement.label, wanted.set, record->reason})
        if (printable(each) != each) return 0;
    const auto again = parse_record(record_text(*record), "again");
    if (!again || !(*again == *record)) std::abort();
    return 0;
}
