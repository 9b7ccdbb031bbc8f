// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Why a command did not do what it was asked for: of which node, in which method, how, and what to
// do about it. And the status it ends with (clusprep(8), EXIT STATUS).
#pragma once

#include "clusprep/interfaces/hresult.hpp"
#include "common/outcome.hpp"
#include "common/result.hpp"

#include <cstdint>
#include <string>

namespace mpapi::client {

enum Exit : int {
    exit_done = 0,
    exit_no = 1,          // it was a question, and the answer is no
    exit_usage = 2,       // the command line, or what it names on this machine
    exit_failed = 3,      // a method failed
    exit_denied = 4,      // who we are was not proved, or is not allowed
    exit_unreachable = 5, // not reached, connection lost, no answer in time
    exit_garbled = 6,     // an answer that means nothing
};

struct Failure {
    enum class Kind {
        Local,       // on this machine
        Denied,      // authentication or authorization
        Unreachable, // connection
        Fault,       // the call was refused: `code` is the status of an RPC fault
        Refused,     // no object was made: `code` is an HRESULT of DCOM
        Garbled,     // an answer could not be read, or contradicts itself
        Method,      // `code` is the HRESULT
    };
    Kind kind = Kind::Local;
    std::string node;
    std::string method; // "CprepDiskAttach"; empty when none was called
    std::uint32_t code = 0;
    Error error; // what is known beyond the code

    bool operator==(const Failure&) const = default;
};

// One line, with no newline and no program name.
std::string text(const Failure& failure);
// What can be done about it; empty where nothing is known to help.
std::string next_step(const Failure& failure);
// "0x8007139F ERROR_INVALID_STATE", "access denied (0x5)"; empty when there is no code.
std::string code_text(const Failure& failure);
// "method", "denied" …, as JSON says it.
const char* name(Failure::Kind kind);
Exit exit_of(const Failure& failure);

template <typename T>
using Outcome = mpapi::Outcome<T, Failure>;

} // namespace mpapi::client
