// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What can be asked for: a verb for each method of MS-CSVP and each message flow of its section 4,
// and what a command line says of it. The table in verbs.cpp is what is parsed and what help says.
#pragma once

#include "clusprep/client/report.hpp"
#include "clusprep/client/server.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::client {

// Parameters of a verb. Those that stand without an option come in this order, behind the node.
enum Takes : std::uint32_t {
    takes_nothing = 0,
    takes_disk = 1 << 0,
    takes_partition = 1 << 1,
    takes_path = 1 << 2,
    takes_sector = 1 << 3, // may be left out
    takes_number = 1 << 4,
    takes_minutes = 1 << 5,
    takes_addresses = 1 << 6, // source, destination
    takes_bytes = 1 << 7,     // --bytes
    takes_content = 1 << 8,   // --text, --hex or --input
    takes_secret = 1 << 9,    // --input: nothing that other users can read in a list of processes
    takes_output = 1 << 10,   // --output
    takes_hold = 1 << 11,     // --hold; not in a session
    takes_all = 1 << 12,      // --all
    takes_any_fs = 1 << 13,   // --any-file-system
    takes_cleanup = 1 << 14,  // --delay, --wait, --keep-service, --no-wait
    takes_going = 1 << 15,    // --keep-going
};

struct Verb;

// One of the two sectors of CprepDiskGetArbSectors, or a number.
struct Sector {
    enum class Which : std::uint8_t { X, Y, Number } which = Which::X;
    std::uint32_t number = 0;
    bool operator==(const Sector&) const = default;
};

// Where bytes for the node come from.
struct Input {
    enum class From : std::uint8_t { Nothing, Text, Hex, File } from = From::Nothing;
    std::string value; // of File: a name, "-" for the standard input
    bool operator==(const Input&) const = default;
};

struct Command {
    const Verb* verb = nullptr;
    std::string node;
    csvp::DiskId disk;
    std::uint32_t partition = 0;
    std::string path;
    Sector sector;
    std::uint32_t number = 0, minutes = 0;
    std::string source, destination;
    std::uint32_t bytes = 512;
    Input input;
    std::string output;                     // a file's name; empty: none
    std::uint32_t delay = 0, wait = 60'000; // ms
    bool hold = false, all = false, any_file_system = false;
    bool keep_service = false, no_wait = false, keep_going = false;
};

// What a verb works with.
struct Context {
    Server& server;
    const Command& command;
    std::span<const std::uint8_t> input; // read already
    bool session = false; // what was brought about stays; what is needed was brought about before
    std::function<std::chrono::milliseconds()> clock; // monotonic
    // A line for people at once; does nothing with --json.
    std::function<void(const std::string&)> tell;
};

struct Verb {
    std::string_view name;  // "setup secret set"
    std::string_view does;  // for help, without a full stop
    std::string_view calls; // the methods beyond the prelude
    std::uint32_t takes;
    Outcome<Report> (*run)(Context&);
};

// In the order in which help shows them.
std::span<const Verb> verbs();
// Groups and what they are about: "disk", "setup secret".
struct Group {
    std::string_view name;
    std::string_view about;
};
std::span<const Group> groups();

// "3", "number:3", "signature:1a2b3c4d", "guid:12345678-…", with or without braces.
Result<csvp::DiskId> parse_disk(const std::string& text);
std::string text(const csvp::DiskId& disk);
// "x", "y", or a number.
Result<Sector> parse_sector(const std::string& text);
Result<std::vector<std::uint8_t>> parse_hex(const std::string& text);

} // namespace mpapi::client
