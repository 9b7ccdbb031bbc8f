// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IClusterSetup (MS-CSVP 3.8): the messages of its methods in opnum order.
#pragma once

#include "clusprep/interfaces/parameters.hpp"
#include "clusprep/rpc/ndr/automation.hpp"

namespace mpapi::csvp {

using namespace ndr::literals;

struct ClusterSetup {
    static constexpr const char* name = "IClusterSetup";
    static constexpr ndr::Guid iid = "491260b5-05c9-40d9-b7f2-1f7bdae0927f"_guid;
    static constexpr ndr::Guid clsid = "04d55210-b6ac-4248-9e69-2a569d1d2ab6"_guid;
};

struct ConfigSvcSecret {
    static constexpr std::uint16_t opnum = 3;
    static constexpr const char* name = "ConfigSvcSecret";
    static constexpr bool changes_something = true;
    struct In {
        ndr::Bstr secret;

        bool operator==(const In&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("SecretBLOB", self.secret);
        }
    };
    using Out = ResultOnly;
};

struct RetrieveSvcSecret {
    static constexpr std::uint16_t opnum = 4;
    static constexpr const char* name = "RetrieveSvcSecret";
    static constexpr bool changes_something = true;
    using In = NoParameters;
    struct Out {
        ndr::Bstr secret;
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("SecretBLOB", self.secret);
            v("return", self.result);
        }
    };
};

struct RetrieveHostLabel {
    static constexpr std::uint16_t opnum = 5;
    static constexpr const char* name = "RetrieveHostLabel";
    using In = NoParameters;
    struct Out {
        ndr::Bstr label;
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("HostLabel", self.label);
            v("return", self.result);
        }
    };
};

} // namespace mpapi::csvp
