// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IClusterCleanup (MS-CSVP 3.6): the messages of its methods in opnum order.
#pragma once

#include "clusprep/interfaces/parameters.hpp"

namespace mpapi::csvp {

using namespace ndr::literals;

struct ClusterCleanup {
    static constexpr const char* name = "IClusterCleanup";
    static constexpr ndr::Guid iid = "d6105110-8917-41a5-aa32-8e0aa2933dc9"_guid;
    static constexpr ndr::Guid clsid = "a6d3e32b-9814-4409-8de3-cfa673e6d3de"_guid;
};

struct CleanUpEvictedNode {
    static constexpr std::uint16_t opnum = 3;
    static constexpr const char* name = "CleanUpEvictedNode";
    static constexpr bool changes_something = true;
    static constexpr std::uint32_t dont_stop_service = 1; // CLUSTERCLEANUP_…
    static constexpr std::uint32_t dont_wait_for_service = 2;
    struct In {
        std::uint32_t delay = 0;   // ms
        std::uint32_t timeout = 0; // ms
        std::uint32_t flags = 0;

        bool operator==(const In&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("DelayBeforeCleanup", self.delay);
            v("TimeOut", self.timeout);
            v("Flags", self.flags);
        }
    };
    using Out = ResultOnly;
};

struct ClearPR {
    static constexpr std::uint16_t opnum = 4;
    static constexpr const char* name = "ClearPR";
    static constexpr bool changes_something = true;
    struct In {
        std::uint32_t device_number = 0;

        bool operator==(const In&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("DeviceNumber", self.device_number);
        }
    };
    using Out = ResultOnly;
};

} // namespace mpapi::csvp
