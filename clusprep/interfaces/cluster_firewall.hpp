// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IClusterFirewall (MS-CSVP 3.12): the messages of its methods in opnum order. The text of 3.12.4.2
// says BOOLEAN where the IDL of appendix A says small: one byte either way.
#pragma once

#include "clusprep/interfaces/network.hpp"
#include "clusprep/interfaces/parameters.hpp"

namespace mpapi::csvp {

using namespace ndr::literals;

struct ClusterFirewall {
    static constexpr const char* name = "IClusterFirewall";
    static constexpr ndr::Guid iid = "f1d6c29c-8fbe-4691-8724-f6d8deaeafc8"_guid;
    static constexpr ndr::Guid clsid = "3cfee98c-fb4b-44c6-bd98-a1db14abca3f"_guid;
};

struct InitializeAdapterConfiguration {
    static constexpr std::uint16_t opnum = 3;
    static constexpr const char* name = "InitializeAdapterConfiguration";
    using In = NoParameters;
    struct Out {
        std::uint32_t adapters = 0;
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("cRetAdapters", self.adapters);
            v("return", self.result);
        }
    };
};

struct GetNextAdapterFirewallConfiguration {
    static constexpr std::uint16_t opnum = 4;
    static constexpr const char* name = "GetNextAdapterFirewallConfiguration";
    struct In {
        std::uint32_t index = 0;

        bool operator==(const In&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("idx", self.index);
        }
    };
    struct Out {
        ndr::Guid adapter;
        NetworkProfile profile = NetworkProfile::Public;
        std::int8_t server_rules_enabled = 0;
        std::int8_t management_rules_enabled = 0;
        std::int8_t common_rules_enabled = 0;
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("adapterId", self.adapter);
            v("adapterProfile", self.profile);
            v("serverRulesEnabled", self.server_rules_enabled);
            v("managementRulesEnabled", self.management_rules_enabled);
            v("commonRulesEnabled", self.common_rules_enabled);
            v("return", self.result);
        }
    };
};

} // namespace mpapi::csvp
