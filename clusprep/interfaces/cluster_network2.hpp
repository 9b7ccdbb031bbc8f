// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IClusterNetwork2 (MS-CSVP 3.4): the messages of its methods in opnum order.
#pragma once

#include "clusprep/interfaces/parameters.hpp"
#include "clusprep/rpc/ndr/automation.hpp"

namespace mpapi::csvp {

using namespace ndr::literals;

struct ClusterNetwork2 {
    static constexpr const char* name = "IClusterNetwork2";
    static constexpr ndr::Guid iid = "2931c32c-f731-4c56-9feb-3d5f1c5e72bf"_guid;
    static constexpr ndr::Guid clsid = "e1568352-586d-43e4-933f-8e6dc4de317a"_guid;
};

struct SendRTMessage {
    static constexpr std::uint16_t opnum = 3;
    static constexpr const char* name = "SendRTMessage";
    struct In {
        ndr::Bstr source;
        ndr::Bstr destination;
        std::uint16_t port = 0;    // not used
        std::uint16_t family = 2;  // of Windows: 2 IPv4, 0x17 IPv6
        std::uint32_t size = 0;    // not used
        std::uint32_t timeout = 0; // ms

        bool operator==(const In&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("SourceIPAddress", self.source);
            v("DestIPAddress", self.destination);
            v("DestPort", self.port);
            v("AddressFamily", self.family);
            v("MessageSize", self.size);
            v("Timeout", self.timeout);
        }
    };
    struct Out {
        std::uint32_t elapsed = 0; // ms
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("RTElapsedTime", self.elapsed);
            v("return", self.result);
        }
    };
};

struct InitializeNode {
    static constexpr std::uint16_t opnum = 4;
    static constexpr const char* name = "InitializeNode";
    struct In {
        std::uint16_t port = 0;

        bool operator==(const In&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("RequestUDPPort", self.port);
        }
    };
    struct Out {
        std::uint16_t port = 0;
        std::uint32_t major_version = 0;
        std::uint32_t minor_version = 0;
        std::uint32_t clusprep_version = 0;
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("BoundUDPPort", self.port);
            v("NodeMajorVersion", self.major_version);
            v("NodeMinorVersion", self.minor_version);
            v("ClusprepVersion", self.clusprep_version);
            v("return", self.result);
        }
    };
};

struct GetIpConfigSerialized {
    static constexpr std::uint16_t opnum = 5;
    static constexpr const char* name = "GetIpConfigSerialized";
    struct In {
        std::int8_t apply_cluster_filter = 0;

        bool operator==(const In&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("ApplyClusterFilter", self.apply_cluster_filter);
        }
    };
    struct Out {
        ndr::SafeArrayOfBytes data; // ADAPTERLIST
        std::int32_t size = 0;
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("Data", self.data);
            v("pcbOut", self.size);
            v("return", self.result);
        }
    };
};

struct CleanupNode {
    static constexpr std::uint16_t opnum = 6;
    static constexpr const char* name = "CleanupNode";
    using In = NoParameters;
    using Out = ResultOnly;
};

struct QueryFirewallConfiguration {
    static constexpr std::uint16_t opnum = 7;
    static constexpr const char* name = "QueryFirewallConfiguration";
    using In = NoParameters;
    struct Out {
        std::int8_t server_rules_enabled = 0;
        std::int8_t management_rules_enabled = 0;
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("serverRulesEnabled", self.server_rules_enabled);
            v("mgmtRulesEnabled", self.management_rules_enabled);
            v("return", self.result);
        }
    };
};

} // namespace mpapi::csvp
