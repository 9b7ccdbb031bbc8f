// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IClusterLog (MS-CSVP 3.10): the messages of its methods in opnum order.
#pragma once

#include "clusprep/interfaces/parameters.hpp"
#include "clusprep/rpc/ndr/automation.hpp"

namespace mpapi::csvp {

using namespace ndr::literals;

struct ClusterLog {
    static constexpr const char* name = "IClusterLog";
    static constexpr ndr::Guid iid = "85923ca7-1b6b-4e83-a2e4-f5ba3bfbb8a3"_guid;
    static constexpr ndr::Guid clsid = "88e7ac6d-c561-4f03-9a60-39dd768f867d"_guid;
};

// [out] parameters of both methods.
struct LogPlace {
    ndr::Bstr path; // "share\file"
    Hresult result = Hresult::Ok;

    bool operator==(const LogPlace&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("LogFilePath", self.path);
        v("return", self.result);
    }
};

struct GenerateClusterLog {
    static constexpr std::uint16_t opnum = 3;
    static constexpr const char* name = "GenerateClusterLog";
    static constexpr bool changes_something = true;
    using In = NoParameters;
    using Out = LogPlace;
};

struct GenerateTimeSpanLog {
    static constexpr std::uint16_t opnum = 4;
    static constexpr const char* name = "GenerateTimeSpanLog";
    static constexpr bool changes_something = true;
    struct In {
        std::uint32_t minutes = 0;

        bool operator==(const In&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("SpanMinutes", self.minutes);
        }
    };
    using Out = LogPlace;
};

} // namespace mpapi::csvp
