// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What many methods of the six interfaces have in common: no [in] parameters, or nothing but the
// HRESULT as an answer. How a method is declared:
//
//     struct X {
//         static constexpr std::uint16_t opnum = 5;
//         static constexpr const char* name = "X";
//         struct In {...};  the [in] parameters in the order of the IDL
//         struct Out {...}; the [out] parameters, then `result`
//     };
//
// Server and client share the declarations; names of parameters are the IDL's. A method that
// changes something, or gives the secret away, has `changes_something`: each call of it is told in
// the log.
#pragma once

#include "clusprep/interfaces/hresult.hpp"
#include "clusprep/rpc/ndr/vocabulary.hpp"

#include <cstdint>

namespace mpapi::csvp {

// Of a method.
template <typename Method>
constexpr bool is_told = requires {
    Method::changes_something;
};

struct NoParameters {
    bool operator==(const NoParameters&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor&, Self&) {}
};

struct ResultOnly {
    Hresult result = Hresult::Ok;

    bool operator==(const ResultOnly&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("return", self.result);
    }
};

// OpnumNNotUsedOnWire: declared in the IDL without parameters, answered with E_NOTIMPL.
template <std::uint16_t number>
struct Reserved {
    static constexpr std::uint16_t opnum = number;
    static constexpr const char* name = "OpnumNotUsedOnWire";
    using In = NoParameters;
    using Out = ResultOnly;
};

} // namespace mpapi::csvp
