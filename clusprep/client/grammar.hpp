// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The command line: `clusprep GROUP VERB NODE [PARAMETER...] [OPTION...]`, options anywhere. Made
// of the table in verbs.cpp. In a session the same without the node and what belongs to the
// connection, a command a line.
#pragma once

#include "clusprep/client/command.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace mpapi::client {

enum class Auth : std::uint8_t { Automatic, Ntlm, Kerberos, Negotiate };

// How the node is reached, and who asks.
struct Connection {
    std::string user; // "DOMAIN\user", "user@REALM", "user"; empty: who the Kerberos ticket is for
    Auth auth = Auth::Automatic;
    std::optional<int> password_fd;
    std::uint16_t port = 135;
    std::chrono::seconds timeout{120}; // for a call
};

struct Invocation {
    Command command;
    Connection connection;
    bool json = false;
};

// Nothing is to be done but to say this.
struct Stop {
    int exit = 0;
    std::string text;
    bool wrong = false; // it is an error, for stderr
};

using Parsed = std::variant<Invocation, Stop>;

Parsed parse(int argc, const char* const* argv);
// `words` of one line; what does not stand in it is as in `session`.
Parsed parse_line(const std::vector<std::string>& words, const Invocation& session);

// Words between blanks; '...' and "..." take blanks, and a backslash is one, for it separates the
// names of a path.
Result<std::vector<std::string>> split_words(const std::string& line);

} // namespace mpapi::client
